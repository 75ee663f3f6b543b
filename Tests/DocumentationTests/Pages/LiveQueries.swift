import Foundation
import Leftfold

enum LiveQueries {
    static func watch(_ id: UUID, _ queries: QueryBus, _ context: QueryContext) async throws {
        for try await answered in queries.watch(GetBalance(id: id), context) {
            print(answered.value, answered.position)
        }
    }
}
