import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Logging
import NIOCore

@testable import LeftfoldHTTP

/// A whole service in memory, and a client that has a token.
struct Service {
    static let keys = JSONWebKeySet.generate()

    static let routes: [Route] = [
        .create("/notes", OpenNote.self),
        .command(.patch, "/notes/{id}", RenameNote.self),
        .command(.post, "/notes/{id}/burn", BurnNote.self),
        .query("/notes/{id}", GetNote.self, version: \.version),
        .query("/notes", ListNotes.self, parameters: [.integer("limit"), .string("search")]),
    ]

    let store = InMemoryEventStore()
    let metrics = PrometheusMetrics()
    let issuer: TokenIssuer
    let commands: CommandBus
    let queries: QueryBus
    let edge: HTTPEdge
    /// `/slow` answers when this is finished.
    let gate = AsyncStream.makeStream(of: Void.self)
    let token: String
    /// `/held` answers when this is open.
    let latch = Latch()
    var app: any ApplicationProtocol { app { _ in } }

    func app(onStart: @escaping @Sendable (Int) async -> Void) -> any ApplicationProtocol {
        let (gate, latch) = (gate, latch)
        return edge.application(
            open: { $0.get("/open") { _, context in context.correlationID } },
            custom: { router in
                router.get("/whoami") { _, context in try context.principal.subject }
                router.get("/teapot") { _, _ -> String in
                    throw HTTPError(.init(code: 418, reasonPhrase: "I'm a teapot"), message: "short and stout")
                }
                router.get("/broken") { _, _ -> String in throw BreakNote.Fault() }
                router.get("/slow") { _, _ -> String in
                    for await _ in gate.stream {}
                    return "late"
                }
                router.get("/held") { _, _ -> String in
                    await latch.pass()
                    return "let go"
                }
            }, onStart: onStart)
    }

    init(
        configuration: EdgeConfiguration = EdgeConfiguration(), checks: [ReadinessCheck] = [],
        log: Log = Log()
    ) async throws {
        var configuration = configuration
        configuration.port = 0
        let keys = try await JSONWebKeySet(Self.keys)
        let policy = RolePolicy(["writer": ["notes:write", "notes:read"], "reader": ["notes:read"]], unrestricted: ["admin"])
        let collector = LogCollector(log)
        var logger = Logger(label: "test") { _ in collector }
        logger.logLevel = .debug
        issuer = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes")
        token = try issuer.issue(subject: "ada", roles: ["writer"])
        commands = CommandBus(
            store: store, policy: policy, commands: [OpenNote.self, RenameNote.self, BurnNote.self, BreakNote.self],
            handlers: [BreakNote.handler], attempts: 1)
        queries = QueryBus(policy: policy, handlers: NoteQueries.handlers(store, latch))
        edge = try HTTPEdge(
            commands: commands, queries: queries,
            authenticator: TokenVerifier(keys: keys, issuer: "tests", audience: "notes"), routes: Self.routes,
            readiness: { checks }, metrics: metrics, configuration: configuration, logger: logger)
    }

    /// Runs it on 127.0.0.1; the body gets the port.
    func running<T>(_ body: (Int) async throws -> T) async throws -> T {
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let app = app { told.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { told.finish() }
                try await app.run()
            }
            // Whoever is held must not hold the end up.
            defer {
                latch.open()
                group.cancelAll()
            }
            for await port in ports { return try await body(port) }
            try await group.waitForAll()
            throw CancellationError()
        }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, headers: HTTPFields = [:], _ setup: TestingSetup = .router
    ) async throws -> TestResponse {
        var all: HTTPFields = [.authorization: "Bearer \(token)"]
        if body != nil { all[.contentType] = "application/json" }
        for field in headers { all[field.name] = nil }
        for field in headers where !field.value.isEmpty { all.append(field) }
        let (headers, buffer) = (all, body.map { ByteBuffer(string: $0) })
        return try await app.test(setup) { try await $0.execute(uri: path, method: method, headers: headers, body: buffer) }
    }

    /// Opens a note and returns its id.
    func open(_ title: String = "one") async throws -> UUID {
        let id = UUID()
        _ = try await send(.post, "/notes", #"{"id":"\#(id.uuidString.lowercased())","title":"\#(title)"}"#)
        return id
    }
}

extension TestResponse {
    func decoded<T: Decodable>(_ type: T.Type = T.self) throws -> T { try JSONDecoder().decode(T.self, from: Data(body.readableBytesView)) }
    var problem: Problem { get throws { try decoded() } }
    var text: String { String(buffer: body) }
}

/// The answer to an accepted command.
struct Accepted: Decodable, Equatable {
    var id: UUID
    var version: Int64
    var position: Int64
}
