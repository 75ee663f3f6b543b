import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import Logging
import ServiceLifecycle
import UnixSignals

enum ServiceByHand {
    static func run(_ policy: any Policy, _ logger: Logger) async throws {
        let configuration = try ConnectionConfiguration("postgresql://localhost/bank")
        _ = try await Migrator(configuration).migrate()

        let database = LeftfoldDatabase(configuration, logger: logger)
        try await database.createReadTables([Balances()])
        let commands = CommandBus(store: database.store, policy: policy, commands: [Deposit.self])
        let queries = QueryBus(policy: policy, handlers: [ReadModels(database).handler(for: GetBalance.self)])
        let projector = Projector(Balances(), in: database, logger: logger)

        try await ServiceGroup(services: [database, projector], gracefulShutdownSignals: [.sigterm], logger: logger).run()
        _ = (commands, queries)
    }
}
