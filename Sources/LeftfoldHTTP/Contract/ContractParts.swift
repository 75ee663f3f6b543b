import HTTPTypes
import Leftfold

/// What a contract tells of.
struct ContractParts: Sendable {
    var info: ServiceInfo
    var commands: [any Command.Type]
    var queries: [any Query.Type]
    var routes: [Route]
    /// Whether `/health/live` and `/health/ready` are answered here.
    var hasHealth: Bool
    /// Whether `/metrics` is answered here.
    var hasMetrics: Bool
    /// Routes of the service's own, of which no more is known.
    var ownRoutes: [OwnRoute] = []

    struct OwnRoute: Sendable, Hashable {
        let method: HTTPRequest.Method
        /// With `{name}` for what it captures.
        let path: String
        let isOpen: Bool
    }
}

/// Kinds of operations that share codes.
struct OperationKind {
    /// In names of components.
    let name: String
    let places: [ProblemCode.Place]

    static let open = OperationKind(name: "Open", places: [.all])

    static func command(onSeveralStreams: Bool) -> OperationKind {
        let places: [ProblemCode.Place] = [.all, .guarded, .parameters, .body, .fields, .command]
        return onSeveralStreams
            ? OperationKind(name: "BoundaryCommand", places: places + [.boundary]) : OperationKind(name: "Command", places: places)
    }

    static func query(inBody: Bool, pagesByCursor: Bool) -> OperationKind {
        OperationKind(
            name: (inBody ? "Posted" : "") + (pagesByCursor ? "PagedQuery" : "Query"),
            places: [.all, .guarded, .parameters] + (inBody ? [.body] : []) + [.fields, .query] + (pagesByCursor ? [.cursor] : []))
    }

    /// By status, in the order of the list.
    var codes: [Int: [ProblemCode]] {
        Dictionary(grouping: ProblemCode.all.filter { code in places.contains { $0 == code.place } }, by: \.status.code)
    }
}
