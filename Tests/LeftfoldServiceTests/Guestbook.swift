import Configuration
import Hummingbird
import Leftfold
import LeftfoldHTTP
import LeftfoldPostgres
import LeftfoldService
import LeftfoldUsers
import LeftfoldUsersReadModel
import ServiceLifecycle
import Synchronization

/// A service that has everything of its own that one can have.
enum Guestbook: ServiceProgram {
    static let name = "guestbook"

    static func compose(in environment: ServiceEnvironment) throws -> Composition {
        let desk = Desk(greeting: environment.settings.own.string(forKey: "greeting", default: "Hello"))
        var composition = Composition(
            policy: UsersPolicy.roles, operatorRoles: ["admin"], commands: [CreateUser.self],
            handlers: [CommandHandler(for: CreateUser.self) { command, _ in try desk.sign(command) }],
            projections: [UserDirectory()], queries: [environment.query(GetUser.self)])
        composition.commandMiddleware = [Witness(desk: desk)]
        composition.queryMiddleware = [Witness(desk: desk)]
        composition.ownRoutes = { router in
            router.get("/greeting") { _, context in "\(desk.greeting), \(try context.principal.subject)" }
        }
        composition.openRoutes = { router in router.get("/seen") { _, _ in desk.seen.joined(separator: " ") } }
        composition.services = environment.roles.isEmpty ? [] : [desk]
        composition.checks = [HealthCheck("desk") { try desk.look() }]
        return composition
    }

    /// What the handler and the checks need: a service with a life of its own.
    final class Desk: Service {
        let greeting: String
        private let state = Mutex((isOpen: false, seen: [String]()))

        init(greeting: String) { self.greeting = greeting }

        var seen: [String] { state.withLock { $0.seen } }
        func note(_ text: String) { state.withLock { $0.seen.append(text) } }

        func run() async throws {
            state.withLock { $0.isOpen = true }
            try await gracefulShutdown()
        }

        func sign(_ command: CreateUser) throws -> CreateUser {
            guard state.withLock({ $0.isOpen }) else { throw Closed() }
            return command
        }

        func look() throws -> String {
            guard state.withLock({ $0.isOpen }), greeting != "Go away" else { throw Closed() }
            return "open"
        }
    }

    struct Closed: Refusal {
        var kind: RefusalKind? { .rejected }
        var code: String { "desk_closed" }
        var message: String { "The desk is closed." }
    }

    struct Witness: CommandMiddleware, QueryMiddleware {
        let desk: Desk

        func handle<C: Command>(
            _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
        ) async throws -> Receipt {
            desk.note(C.name)
            return try await next(command, context)
        }

        func handle<Q: Query>(
            _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
        ) async throws -> Answered<Q.Answer> {
            desk.note(Q.name)
            return try await next(query, context)
        }
    }
}
