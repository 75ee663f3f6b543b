import Foundation
public import LeftfoldDriver
public import LeftfoldPostgres
public import Logging
public import Testing

/// A migrated database of its own for each test, on the server that `scripts/test` starts.
public enum TestDatabase {
    public static let serverURL = ProcessInfo.processInfo.environment["LEFTFOLD_TEST_DATABASE_URL"]

    /// What is refused on purpose is part of the tests, not of their output.
    public static let quiet: Logger = {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        return logger
    }()

    /// Swift Testing starts every test at once, and each database takes a pool of connections, of which a server has only so many.
    private static let places = Places(10)

    /// Lends an empty database, not migrated, and drops it afterwards. A test that holds one must not ask for a second.
    public static func withEmpty<T>(_ body: (ConnectionConfiguration) async throws -> T) async throws -> T {
        await places.take()
        let result: Result<T, any Error>
        do { result = .success(try await lend(body)) } catch { result = .failure(error) }
        await places.giveBack()
        return try result.get()
    }

    private static func lend<T>(_ body: (ConnectionConfiguration) async throws -> T) async throws -> T {
        let server = try ConnectionConfiguration(try #require(serverURL))
        let name = "leftfold_test_\(UInt64.random(in: 0 ... .max))"
        try await run("CREATE DATABASE \(identifier: name)", on: server)
        var configuration = server
        configuration["dbname"] = name
        do {
            let value = try await body(configuration)
            try await run("DROP DATABASE \(identifier: name) WITH (FORCE)", on: server)
            return value
        } catch {
            try? await run("DROP DATABASE \(identifier: name) WITH (FORCE)", on: server)
            throw error
        }
    }

    /// Lends a migrated database with its listener at work.
    public static func with<T: Sendable>(
        limits: AppendLimits = .init(), _ body: @escaping (LeftfoldDatabase) async throws -> T
    ) async throws -> T {
        try await withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let database = LeftfoldDatabase(configuration, limits: limits, logger: quiet)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await database.run() }
                let result: Result<T, any Error>
                do { result = .success(try await body(database)) } catch { result = .failure(error) }
                group.cancelAll()
                try? await group.waitForAll()
                await database.close()
                return try result.get()
            }
        }
    }

    private static func run(_ sql: SQL, on configuration: ConnectionConfiguration) async throws {
        let connection = try await Connection.connect(configuration, logger: quiet)
        do {
            try await connection.execute(sql)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, saying why, if there is no server.
    public static var needsServer: Self { .enabled(if: TestDatabase.serverURL != nil, "LEFTFOLD_TEST_DATABASE_URL is not set") }
}

/// Waits until a condition holds; fails if it does not within the time.
public func eventually(
    _ what: Comment, within limit: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("did not happen in time: \(what)", sourceLocation: sourceLocation)
}
