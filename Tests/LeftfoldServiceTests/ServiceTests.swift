import Configuration
import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldHTTP
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldService
import LeftfoldTesting
import LeftfoldUsers
import Logging
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("A service without a command line")
struct ServiceTests {
    private static let id = "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d"
    private static let body = #"{"id":"\#(id)","email":"ada@example.org","name":"Ada"}"#

    /// A migrated database, and settings for it.
    private func withSettings(_ body: (Settings) async throws -> Void) async throws {
        try await TestDatabase.withEmpty { configuration in
            var settings = Settings()
            settings.databaseURL = try await TestServer.shared.connectionString(database: configuration["dbname"] ?? "")
            settings.port = 0
            settings.keys = String(decoding: JSONWebKeySet.generate(), as: UTF8.self)
            settings.logLevel = .critical
            settings.own = ConfigReader(provider: InMemoryProvider(values: ["greeting": "Welcome"]))
            _ = try await Migrator(try settings.connection(for: Guestbook.name), log: settings.log).migrate()
            try await Guestbook.withAssembly(settings) { try await $0.database.createReadTables($0.composition.projections) }
            try await body(settings)
        }
    }

    /// Runs it in these roles; the body gets the address.
    private func running(_ roles: ProcessRoles, _ settings: Settings, _ body: (String) async throws -> Void) async throws {
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { told.finish() }
                try await Guestbook.run(roles, settings: settings, metrics: PrometheusMetrics()) { _, port in told.yield(port) }
            }
            var first = ports.makeAsyncIterator()
            if let port = await first.next() { try await body("http://127.0.0.1:\(port)") }
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }

    private func ask(_ url: String, _ path: String, token: String? = nil, json: String? = nil) async throws -> (status: Int, text: String) {
        var request = URLRequest(url: try #require(URL(string: url + path)), timeoutInterval: 20)
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        if let json {
            request.httpMethod = "POST"
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(json.utf8)
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        return (try #require(response as? HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))
    }

    @Test("has middleware on both buses, handlers with services, routes, further services and checks of its own")
    func own() async throws {
        try await withSettings { settings in
            let token = try TokenIssuer(keys: try await settings.keySet(), issuer: "guestbook", audience: "guestbook")
                .issue(subject: "ada", roles: ["admin"])
            try await running([.serve, .project], settings) { url in
                #expect(try await ask(url, "/greeting", token: token).text == "Welcome, ada")
                #expect(try await ask(url, "/greeting").status == 401)
                try await eventually("it is ready") { try await ask(url, "/health/ready").status == 200 }
                #expect(try await ask(url, "/health/ready").text.contains("desk"))
                #expect(try await ask(url, "/commands/CreateUser", token: token, json: Self.body).status == 200)
                #expect(try await ask(url, "/queries/GetUser?after=1", token: token, json: #"{"id":"\#(Self.id)"}"#).status == 200)
                #expect(try await ask(url, "/seen").text == "CreateUser GetUser")
            }
        }
    }

    @Test("that only serves does not project; that only projects answers health and metrics, where it has a port for them")
    func roles() async throws {
        try await withSettings { settings in
            try await running(.serve, settings) { (url) async throws in
                #expect(try await ask(url, "/metrics").status == 200)
            }
            var settings = settings
            settings.projectPort = 0
            try await running(.project, settings) { url in
                try await eventually("it is ready") { try await ask(url, "/health/ready").status == 200 }
                let ready = try await ask(url, "/health/ready").text
                for check in ["database", "schema", "desk", "projection user_directory"] { #expect(ready.contains(check)) }
                #expect(try await ask(url, "/health/live").status == 200)
                #expect(try await ask(url, "/metrics").status == 200)
                #expect(try await ask(url, "/commands/CreateUser", json: Self.body).status == 404)
            }
        }
    }

    @Test("answers health and metrics on a port of their own, where it has one")
    func administration() async throws {
        try await withSettings { settings in
            var settings = settings
            settings.adminPort = try freePort()
            let admin = "http://127.0.0.1:\(settings.adminPort ?? 0)"
            try await running([.serve, .project], settings) { url in
                // It may listen a little later than the edge.
                try await eventually("it is ready") { (try? await ask(admin, "/health/ready").status) == 200 }
                #expect(try await ask(admin, "/health/live").status == 200)
                #expect(try await ask(admin, "/metrics").status == 200)
                #expect(try await ask(admin, "/greeting").status == 404)
                for path in ["/health/live", "/health/ready", "/metrics"] { #expect(try await ask(url, path).status == 404) }
            }
        }
    }

    @Test("tells strangers which check failed, and why on a port of its own only", arguments: [false, true])
    func unready(onPortOfItsOwn: Bool) async throws {
        try await withSettings { settings in
            var settings = settings
            settings.own = ConfigReader(provider: InMemoryProvider(values: ["greeting": "Go away"]))
            if onPortOfItsOwn { settings.adminPort = try freePort() }
            try await running(.serve, settings) { url in
                let asked = settings.adminPort.map { "http://127.0.0.1:\($0)" } ?? url
                try await eventually("it answers") { (try? await ask(asked, "/health/ready").text.contains("desk")) == true }
                let answer = try await ask(asked, "/health/ready")
                #expect(answer.status == 503)
                #expect(answer.text.contains("The desk is closed.") == onPortOfItsOwn, "\(answer.text)")
            }
        }
    }

    private func freePort() throws -> Int {
        #if os(Linux)
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let socket = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0 }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    @Test("can be used without running it")
    func assembled() async throws {
        try await withSettings { settings in
            try await Guestbook.withAssembly(settings) { assembly in
                let principal = Principal.localOperator(roles: assembly.composition.operatorRoles)
                await #expect(throws: Guestbook.Closed.self) {
                    try await assembly.commands.send(named: "CreateUser", json: Array(Self.body.utf8), CommandContext(principal: principal))
                }
                #expect(await assembly.readiness().map(\.check) == ["database", "schema", "rights", "appends", "desk"])
                #expect(await assembly.ownFindings() == [Health.Finding("desk", healthy: false, detail: "The desk is closed.")])
            }
        }
    }
}
