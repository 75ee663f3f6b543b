import EmbeddedPostgres
import Foundation
import LeftfoldDriver

/// The PostgreSQL server that tests borrow databases from.
///
/// ``shared`` is the server of the environment's `LEFTFOLD_TEST_DATABASE_URL`; without it, an `EmbeddedPostgres` in a temporary folder that
/// the first test to ask starts and that goes when the process ends, however it ends. A server of one's own is stopped by its owner.
public actor TestServer {
    /// The server of this process.
    public static let shared = TestServer(url: ProcessInfo.processInfo.environment["LEFTFOLD_TEST_DATABASE_URL"])

    private let url: String?
    private let settings: [String: String]
    private let places: Places
    private var started: Task<EmbeddedServer, any Error>?

    /// Nothing is started yet.
    ///
    /// - Parameters:
    ///   - url: a libpq connection string of a server that runs, as a role that may create databases. `nil`: a new server.
    ///   - settings: of a new server, added to those for data that nobody will miss (no `fsync`, 200 connections).
    ///   - places: how many databases are lent at once. Each takes a pool of connections, of which a server has only so many, and most test
    ///     frameworks start every test at once; the others wait in line.
    public init(url: String? = nil, settings: [String: String] = [:], places: Int = 10) {
        self.url = url
        self.settings = settings
        self.places = Places(places)
    }

    /// How to connect to one of its databases, as libpq reads it; by default the one that the server was given with. Starts the server.
    ///
    /// - Throws: `EmbeddedPostgresError` if no server is installed or it does not start.
    public func connectionString(database: String? = nil) async throws -> String {
        let server = try await address()
        guard let database else { return server }
        guard server.hasPrefix("postgres://") || server.hasPrefix("postgresql://") else { return "\(server) dbname='\(database)'" }
        return server + (server.contains("?") ? "&" : "?") + "dbname=\(database)"
    }

    /// Stops a server that it started, and removes its folder. It starts anew when it is asked again.
    public func stop() async throws {
        guard let started else { return }
        self.started = nil
        try await started.value.stop()
    }

    /// Lends an empty database, and drops it afterwards.
    nonisolated func lend<T>(_ body: (ConnectionConfiguration) async throws -> T) async throws -> T {
        await places.take()
        let result: Result<T, any Error>
        do { result = .success(try await make(body)) } catch { result = .failure(error) }
        await places.giveBack()
        return try result.get()
    }

    private nonisolated func make<T>(_ body: (ConnectionConfiguration) async throws -> T) async throws -> T {
        let name = "leftfold_test_\(UInt64.random(in: 0 ... .max))"
        let server = try ConnectionConfiguration(try await connectionString())
        let database = try ConnectionConfiguration(try await connectionString(database: name))
        try await run("CREATE DATABASE \(identifier: name)", on: server)
        let result: Result<T, any Error>
        do { result = .success(try await body(database)) } catch { result = .failure(error) }
        do {
            try await run("DROP DATABASE \(identifier: name) WITH (FORCE)", on: server)
        } catch {
            // What the test threw says more.
            if case .success = result { throw error }
        }
        return try result.get()
    }

    private func address() async throws -> String {
        if let url { return url }
        let starting =
            started
            ?? Task { [settings] in
                try await EmbeddedServer.start(settings)
            }
        started = starting
        return try await starting.value.connectionString
    }

    private nonisolated func run(_ sql: SQL, on configuration: ConnectionConfiguration) async throws {
        let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
        do {
            try await connection.execute(sql)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }
}
