import Foundation
import LeftfoldDriver
import LeftfoldPostgres

/// A migrated database of our own, for one suite.
struct BenchDatabase: Sendable {
    let configuration: ConnectionConfiguration

    /// Drops it afterwards, whatever happened.
    static func use(_ bench: Bench, for suite: SuiteName, _ body: (BenchDatabase) async throws -> Void) async throws {
        let name = "leftfold_bench_\(suite.rawValue)_\(ProcessInfo.processInfo.processIdentifier)"
        var configuration = bench.server
        configuration["dbname"] = name
        try await run("CREATE DATABASE \(name)", on: bench.server)
        do {
            _ = try await Migrator(configuration).migrate()
            try await body(BenchDatabase(configuration: configuration))
        } catch {
            try await run("DROP DATABASE \(name) WITH (FORCE)", on: bench.server)
            throw error
        }
        try await run("DROP DATABASE \(name) WITH (FORCE)", on: bench.server)
    }

    func run(_ script: String) async throws { try await Self.run(script, on: configuration) }

    private static func run(_ script: String, on configuration: ConnectionConfiguration) async throws {
        let connection = try await Connection.connect(configuration, logger: Console.logger)
        do {
            try await connection.execute(script: script)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// How other programs find it: the variables that libpq reads.
    var environment: [String: String] {
        let variables = [
            "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
            "sslmode": "PGSSLMODE",
        ]
        var environment: [String: String] = [:]
        for (keyword, variable) in variables { environment[variable] = configuration[keyword] }
        return environment
    }
}
