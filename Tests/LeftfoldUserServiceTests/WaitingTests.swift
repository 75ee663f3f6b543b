import Foundation
import LeftfoldPostgresTesting
import Testing

/// `migrate` before a database that does not answer, or not as it should.
@Suite("Waiting for the database", .serialized) struct WaitingTests {
    /// Against a server with passwords and without TLS; `$socket` and `$port` are its places.
    private static let hopeless: [(url: String, says: String)] = [
        ("host=$socket port=$port user=postgres dbname=nowhere", "database \"nowhere\" does not exist"),
        ("host=$socket port=$port user=nobody-here dbname=postgres", "role \"nobody-here\" does not exist"),
        ("postgresql://postgres:wrong@127.0.0.1:$port/postgres", "password authentication failed"),
        ("postgresql://postgres@127.0.0.1:$port/postgres?passfile=/nowhere", "no password supplied"),
        ("postgresql://postgres:x@127.0.0.1:$port/postgres?sslmode=require", "does not support SSL"),
        ("postgresql://postgres:x@127.0.0.1:$port/postgres?sslmode=nonsense", "sslmode"),
        ("postgresql://postgres:x@127.0.0.1:$port/postgres?channel_binding=require&sslmode=disable", "channel binding"),
    ]

    @Test("ends at once where waiting cannot help, and is not called unreachable")
    func hopeless() async throws {
        let port = "\(Int.random(in: 20_000..<32_000))"
        let server = TestServer(settings: ["listen_addresses": "127.0.0.1", "port": port])
        let socket = try #require(try await server.connectionString().firstMatch(of: /host='?([^' ]+)/)).output.1
        for (url, says) in Self.hopeless {
            let url = url.replacing("$socket", with: socket).replacing("$port", with: port)
            for arguments in [["migrate", "--wait", "600"], ["events"]] {
                let output = try await Program.run(arguments, environment: ["DATABASE_URL": url, "PGPASSWORD": ""], expecting: 78)
                #expect(output.contains("the database cannot be used") && output.contains(says), "\(url): \(output)")
                #expect(!output.contains("waiting") && !output.contains("reached"), "\(output)")
            }
            let json = try await Program.run(["migrate", "--json"], environment: ["DATABASE_URL": url], expecting: 78)
            #expect(json.hasPrefix(#"{"code":"misconfigured","#), "\(json)")
        }
        try await server.stop()
    }

    @Test("ends at once where files for TLS are missing or are none")
    func files() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("leftfold-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try await Program.run([folder.path], executable: Program.repository.appendingPathComponent("scripts/make-certificates").path)
        // Says that it takes TLS, and then nothing more.
        let (listener, port) = try await listen(answering: "S")
        for (parameters, says) in [
            ("sslmode=verify-full sslrootcert=/nowhere", "root certificate"),
            ("sslmode=require sslcert=\(folder.path)/server.pem sslkey=/nowhere", "private key file"),
            ("sslmode=require sslcert=/etc/passwd", "certificate file"),
        ] {
            let url = "host=127.0.0.1 port=\(port) user=postgres dbname=postgres \(parameters)"
            let output = try await Program.run(["migrate", "--wait", "600"], environment: ["DATABASE_URL": url], expecting: 78)
            #expect(output.contains(says) && !output.contains("waiting"), "\(output)")
        }
        listener.send(SIGKILL)
        try await listener.end()
    }

    @Test("says what it waits for, of a server that is away and of one that does not answer")
    func told() async throws {
        let (listener, port) = try await listen(answering: "")
        for (url, says) in [
            ("host=127.0.0.1 port=\(port) user=postgres dbname=x", "no answer yet"),
            ("host=127.0.0.1 port=1 user=postgres dbname=x", "refused"), ("host=/nonexistent dbname=x", "No such file"),
        ] {
            let program = try Program(["migrate", "--wait", "600"], environment: ["DATABASE_URL": url])
            let line = try await program.prints(/(waiting for the database at [^\n]*)\n/, within: .seconds(20))
            #expect(line.contains("at most 600 s") && line.contains(says), "\(line)")
            program.send(SIGTERM)
            try await program.end()
        }
        let output = try await Program.run(
            ["migrate", "--wait", "1", "--json"], environment: ["DATABASE_URL": "host=/nonexistent dbname=x"], expecting: 69)
        #expect(output.hasPrefix(#"{"code":"waiting","#) && output.contains(#"{"code":"unavailable","#), "\(output)")
        listener.send(SIGKILL)
        try await listener.end()
    }

    /// A listener that sends this to whoever connects, and nothing more.
    private func listen(answering answer: String) async throws -> (Program, port: String) {
        let script = """
            import socket
            listener = socket.create_server(("127.0.0.1", 0))
            print(f"port={listener.getsockname()[1]}.", flush=True)
            clients = []
            while True:
                clients.append(listener.accept()[0])
                clients[-1].recv(8)
                clients[-1].sendall(b"\(answer)")
            """
        let program = try Program(["-c", script], executable: "/usr/bin/python3")
        return (program, try await program.prints(/port=(\d+)\./))
    }
}
