public import LeftfoldDriver
public import LeftfoldPostgres
public import Logging

/// A database of its own for each test. Any test framework will do.
/// ```swift
/// try await TestDatabase.with { database in
///     let receipt = try await CommandBus(store: database.store, policy: policy, commands: [Deposit.self]).send(…)
/// }
/// ```
public enum TestDatabase {
    /// A logger that says nothing: what is refused on purpose is part of the tests, not of their output.
    public static let quiet: Logger = {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        return logger
    }()

    /// Lends an empty database, not migrated, and drops it afterwards, whoever is connected. A test that holds one must not ask for a second:
    /// it could wait for itself.
    ///
    /// - Throws: what the body throws; else what went wrong with server or database.
    public static func withEmpty<T>(
        on server: TestServer = .shared, _ body: (ConnectionConfiguration) async throws -> T
    ) async throws -> T {
        try await server.lend(body)
    }

    /// Lends a migrated database with its listener at work.
    ///
    /// - Throws: what the body throws; else what went wrong with server, database or migrations.
    public static func with<T: Sendable>(
        on server: TestServer = .shared, limits: AppendLimits = .init(), _ body: @escaping (LeftfoldDatabase) async throws -> T
    ) async throws -> T {
        try await withEmpty(on: server) { configuration in
            _ = try await Migrator(configuration).migrate()
            return try await LeftfoldDatabase(configuration, limits: limits, logger: quiet).running(body)
        }
    }

    /// A connection whose transactions may stand open for as long as a test wants. By itself the driver lets the server end one that does
    /// nothing for ten seconds.
    ///
    /// - Throws: what the driver throws where the server cannot be reached.
    public static func connectToHold(_ configuration: ConnectionConfiguration) async throws -> Connection {
        var configuration = configuration
        configuration.settings["idle_in_transaction_session_timeout"] = "0"
        return try await Connection.connect(configuration, logger: quiet)
    }
}

extension LeftfoldDatabase {
    /// Runs its service until the body is done, and closes it.
    public func running<T: Sendable>(_ body: @escaping (LeftfoldDatabase) async throws -> T) async throws -> T {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run() }
            let result: Result<T, any Error>
            do { result = .success(try await body(self)) } catch { result = .failure(error) }
            group.cancelAll()
            try? await group.waitForAll()
            await close()
            return try result.get()
        }
    }
}
