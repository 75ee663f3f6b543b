import EmbeddedPostgres
import Foundation
import Logging
import Synchronization
import Testing

@testable import LeftfoldDriver

/// The server that `scripts/test` starts.
enum TestServer {
    static let url = ProcessInfo.processInfo.environment["LEFTFOLD_TEST_DATABASE_URL"]

    /// Notices of refused statements are part of the tests, not of their output.
    static let quiet: Logger = {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        return logger
    }()

    static var configuration: ConnectionConfiguration {
        get throws {
            var configuration = try ConnectionConfiguration(try #require(url))
            // The machine may be busy in the middle of a transaction.
            configuration.settings["idle_in_transaction_session_timeout"] = "0"
            return configuration
        }
    }

    static func connect() async throws -> Connection { try await Connection.connect(configuration, logger: quiet) }

    static func pool(size: Int = 4, acquireTimeout: Duration = .seconds(60)) throws -> Pool {
        Pool(try configuration, size: size, acquireTimeout: acquireTimeout, logger: quiet)
    }

    /// Runs a closure with a server of its own, which is gone afterwards.
    static func withServer<T>(
        settings: [String: String] = [:], port: Int? = nil, _ body: (EmbeddedPostgres) async throws -> T
    ) async throws -> T {
        let folder = URL(fileURLWithPath: "/tmp/lf-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        var all = ["fsync": "off", "max_connections": "30", "shared_buffers": "16MB"]
        all.merge(settings) { _, chosen in chosen }
        let server = try await EmbeddedPostgres.start(dataDirectory: folder, settings: all, port: port)
        do {
            let value = try await body(server)
            try await server.stop()
            return value
        } catch {
            try? await server.stop(immediate: true)
            throw error
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, saying why, if there is no server.
    static var needsServer: Self { .enabled(if: TestServer.url != nil, "LEFTFOLD_TEST_DATABASE_URL is not set") }
}

/// The error a closure throws.
func postgresError(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> PostgresError {
    do {
        try await body()
    } catch let error as PostgresError {
        return error
    }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw CancellationError()
}

extension Connection {
    func value<T: PostgresDecodable>(_ sql: SQL, as _: T.Type = T.self) async throws -> T {
        try #require(await execute(sql).first).decode(T.self)
    }
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func withLock<R: Sendable>(_ body: (inout Value) throws -> R) rethrows -> R { try value.withLock { try body(&$0) } }
}
