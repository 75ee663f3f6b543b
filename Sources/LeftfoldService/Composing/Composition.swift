public import Hummingbird
public import Leftfold
public import LeftfoldHTTP
public import LeftfoldPostgres
public import ServiceLifecycle

/// What a service is made of: a value. All but the policy and the commands may be left out, in ``init(policy:operatorRoles:commands:handlers:projections:queries:routes:)``
/// or set afterwards.
public struct Composition: Sendable {
    /// Who may do what.
    public var policy: any Policy
    /// The roles of whoever sits at the service's command line, and of the token that `dev` prints. None unless named.
    public var operatorRoles: Set<String>

    /// What may be sent, and by name over HTTP.
    public var commands: [any Command.Type]
    /// For commands that need an outside fact; they may hold services.
    public var handlers: [CommandHandler]
    /// Layers around every command, outermost first, inside the standard ones.
    public var commandMiddleware: [any CommandMiddleware] = []

    public var projections: [any PostgresProjection]
    /// What may be asked, and by name over HTTP.
    public var queries: [QueryHandler]
    /// Layers around every query, outermost first, inside the standard ones.
    public var queryMiddleware: [any QueryMiddleware] = []

    /// Resource routes beside `POST /commands/{Name}` and `POST /queries/{Name}`.
    public var routes: [Route]
    /// Adds HTTP routes of one's own behind authentication; `EdgeContext.principal` tells who asks.
    public var ownRoutes: @Sendable (Router<EdgeContext>) -> Void = { _ in }
    /// Adds HTTP routes of one's own that need no token.
    public var openRoutes: @Sendable (Router<EdgeContext>) -> Void = { _ in }
    /// Who may come in; whoever shows a token signed with a key of the settings unless given.
    public var authenticator: (any Authenticator)?

    /// Further services to run. They are started after the database and before HTTP, and stopped in reverse.
    public var services: [any Service] = []
    /// What else must be well for the service to be ready.
    public var checks: [HealthCheck] = []

    public init(
        policy: any Policy, operatorRoles: Set<String> = [], commands: [any Command.Type], handlers: [CommandHandler] = [],
        projections: [any PostgresProjection] = [], queries: [QueryHandler] = [], routes: [Route] = []
    ) {
        self.policy = policy
        self.operatorRoles = operatorRoles
        self.commands = commands
        self.handlers = handlers
        self.projections = projections
        self.queries = queries
        self.routes = routes
    }
}

/// A health check of a service's own. `doctor` prints it, and `/health/ready` tells it to all who ask, so no secrets.
public struct HealthCheck: Sendable {
    public let name: String
    /// Returns what it is like. What it throws is told as what is wrong.
    public let look: @Sendable () async throws -> String

    public init(_ name: String, _ look: @escaping @Sendable () async throws -> String = { "ok" }) {
        self.name = name
        self.look = look
    }

    func finding() async -> Health.Finding {
        do {
            return Health.Finding(name, healthy: true, detail: try await look())
        } catch {
            return Health.Finding(name, healthy: false, detail: (error as? any Refusal)?.message ?? "\(error)")
        }
    }
}
