import Foundation
import HummingbirdTesting
import Testing

@testable import LeftfoldHTTP

@Suite("HTTPS", .timeLimit(.minutes(10))) struct HTTPSTests {
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (status, String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self))
    }

    static func withCertificates(_ body: (URL) async throws -> Void) async throws {
        try await TemporaryFolder.with { folder in
            let made = try await run(repository.appendingPathComponent("scripts/make-certificates").path, [folder.path])
            try #require(made.status == 0)
            try await body(folder)
        }
    }

    /// What curl ends with: 35 no handshake, 60 the certificate is not trusted or for another name.
    static let clients: [(arguments: [String], host: String, status: Int32)] = [
        (["--cacert", "ca.pem"], "https://localhost", 0), (["--cacert", "ca.pem", "--tlsv1.3"], "https://localhost", 0),
        (["--cacert", "ca.pem", "--tls-max", "1.2"], "https://localhost", 0),
        (["--cacert", "ca.pem", "--tls-max", "1.1"], "https://localhost", 35),
        (["--cacert", "other-ca.pem"], "https://localhost", 60), (["--cacert", "ca.pem"], "https://127.0.0.1", 60),
    ]

    @Test(
        "is answered with the certificate of the files, in TLS 1.2 and newer",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "there is no /usr/bin/curl"))
    func answered() async throws {
        try await Self.withCertificates { folder in
            var configuration = EdgeConfiguration()
            configuration.tls = try TLSIdentity(certificateFile: folder.path + "/server.pem", keyFile: folder.path + "/server.key")
            let service = try await Service(configuration: configuration)
            try await service.app.test(.live) { client in
                let port = try #require(client.port)
                for (arguments, host, status) in Self.clients {
                    let here = arguments.map { $0.hasSuffix(".pem") ? "\(folder.path)/\($0)" : $0 }
                    let answer = try await Self.run("/usr/bin/curl", ["-4", "-sS"] + here + ["\(host):\(port)/health/live"])
                    #expect(answer.status == status, "\(arguments) \(host)")
                    #expect((answer.output == #"{"live":true}"#) == (status == 0), "\(answer.output)")
                }
                let plain = try await Self.run("/usr/bin/curl", ["-sS", "http://localhost:\(port)/health/live"])
                #expect(plain.status != 0 && plain.output.isEmpty)
            }
        }
    }

    @Test("is not begun with a key that others may read, a key of another certificate, or no certificate")
    func refused() async throws {
        try await Self.withCertificates { folder in
            func identity(_ certificate: String, _ key: String) throws -> TLSIdentity {
                try TLSIdentity(certificateFile: "\(folder.path)/\(certificate)", keyFile: "\(folder.path)/\(key)")
            }
            _ = try identity("server.pem", "server.key")
            #expect(throws: TLSIdentity.Unusable.self) { try identity("server.key", "server.key") }
            #expect(throws: TLSIdentity.Unusable.self) { try identity("server.pem", "server.pem") }
            #expect(throws: TLSIdentity.Unusable.self) { try identity("server.pem", "ca.key") }
            #expect(chmod(folder.path + "/server.key", 0o644) == 0)
            let problem = #expect(throws: SecretFile.Problem.self) { try identity("server.pem", "server.key") }
            #expect(problem?.description.contains("0644") == true)
        }
    }
}
