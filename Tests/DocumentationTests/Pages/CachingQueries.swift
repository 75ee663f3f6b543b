import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres

enum CachingQueries {
    static func bus(_ database: LeftfoldDatabase, _ policy: any Policy) -> QueryBus {
        let queries = QueryBus(
            policy: policy, handlers: [ReadModels(database).handler(for: GetBalance.self)], cache: QueryCache(database.progress))
        return queries
    }
}

extension Balances {
    func touches(_ event: RecordedEvent) -> Dependencies {
        guard let id = event.stream.uuid else { return .everything }
        return [Dependency("balance", id), "balances"]
    }
}

extension GetBalance {
    func dependencies(of balance: Int) -> Dependencies { [Dependency("balance", id)] }
}
