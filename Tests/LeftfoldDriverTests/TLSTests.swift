import EmbeddedPostgres
import Foundation
import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite("TLS to the server", .needsServer, .serialized, .timeLimit(.minutes(10))) struct TLSTests {
    /// Against a server with a certificate for `localhost`.
    static let table: [(what: String, parameters: String, refusal: String?)] = [
        ("the right authority", "host=localhost sslmode=verify-full sslrootcert=ca.pem", nil),
        ("newer protocols only", "host=localhost sslmode=verify-full sslrootcert=ca.pem ssl_min_protocol_version=TLSv1.3", nil),
        ("another authority", "host=localhost sslmode=verify-full sslrootcert=other-ca.pem", "certificate verify failed"),
        ("another host name", "host=127.0.0.1 sslmode=verify-full sslrootcert=ca.pem", "does not match host name"),
        ("no authority", "host=localhost sslmode=verify-full sslrootcert=none.pem", "does not exist"),
    ]

    @Test("is what verify-full says: the right server, or a refusal that says why")
    func verifyFull() async throws {
        let port = Int.random(in: 20_000..<32_000)
        try await TestServer.withServer(port: port) { server in
            let folder = URL(fileURLWithPath: "/tmp/lf-tls-\(UInt32.random(in: 0 ... .max))")
            defer { try? FileManager.default.removeItem(at: folder) }
            try await makeCertificates(folder)
            let secret = "s3cret-\(UInt32.random(in: 0 ... .max))"
            let local = try await Connection.connect(try ConnectionConfiguration(server.connectionString), logger: TestServer.quiet)
            try await local.execute("CREATE ROLE traveller LOGIN PASSWORD '\(unsafe: secret)'")

            func connect(_ parameters: String) async throws -> Connection {
                let here = parameters.replacing("sslrootcert=", with: "sslrootcert=\(folder.path)/")
                let configuration = try ConnectionConfiguration("\(here) port=\(port) user=traveller password=\(secret) dbname=postgres")
                return try await Connection.connect(configuration, logger: TestServer.quiet)
            }
            func refused(_ parameters: String, _ refusal: String) async throws {
                let error = try await postgresError { _ = try await connect(parameters) }
                #expect(error.kind == .connectionFailed && error.message.contains(refusal), "\(error)")
                #expect(!"\(error)".contains(secret))
            }

            try await refused(Self.table[0].parameters, "does not support SSL")
            try await turnOnTLS(folder, server, local)
            for (what, parameters, refusal) in Self.table {
                guard let refusal else {
                    let connection = try await connect(parameters)
                    let version = try await connection.value(
                        "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()", as: String.self)
                    #expect(["TLSv1.2", "TLSv1.3"].contains(version), "\(what)")
                    await connection.close()
                    continue
                }
                try await refused(parameters, refusal)
            }
            await local.close()
        }
    }

    private func makeCertificates(_ folder: URL) async throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = repository.appendingPathComponent("scripts/make-certificates")
        process.arguments = [folder.path]
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(status == 0)
    }

    /// The files go where the server's account can read them, and to that account.
    private func turnOnTLS(_ folder: URL, _ server: EmbeddedPostgres, _ local: Connection) async throws {
        let home = server.dataDirectory
        let owner = try FileManager.default.attributesOfItem(atPath: home.path)
        for name in ["server.pem", "server.key"] {
            let copy = home.appendingPathComponent(name)
            try FileManager.default.copyItem(at: folder.appendingPathComponent(name), to: copy)
            try FileManager.default.setAttributes(
                [
                    .ownerAccountID: owner[.ownerAccountID] ?? 0, .groupOwnerAccountID: owner[.groupOwnerAccountID] ?? 0,
                    .posixPermissions: 0o600,
                ], ofItemAtPath: copy.path)
        }
        try await local.execute("ALTER SYSTEM SET ssl_cert_file = '\(unsafe: home.path)/server.pem'")
        try await local.execute("ALTER SYSTEM SET ssl_key_file = '\(unsafe: home.path)/server.key'")
        try await local.execute("ALTER SYSTEM SET ssl = on")
        try await local.execute("SELECT pg_reload_conf()")
        try await eventually("the server offers TLS") { try await local.value("SHOW ssl", as: String.self) == "on" }
    }
}
