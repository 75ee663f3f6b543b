/// What one decision is made on and kept consistent with: usually one ``Aggregate``; several of them (``Streams``); or
/// whatever matches a query (``DecisionModel``). Conform to one of these, not to this.
public protocol Boundary: Sendable {
    /// How a command names it.
    associatedtype Reference: BoundaryReference
    /// What a decision answers with.
    associatedtype Changes: Sendable
    /// The domain's no.
    associatedtype Rejection: Error

    /// Tells the visitor which kind of boundary it is. Leftfold's own.
    static func accept<C: Command, V: BoundaryVisitor>(_ command: C, _ visitor: V) async throws -> V.Answer where C.Target == Self
}

/// How a command names what it is decided on.
public protocol BoundaryReference: Sendable {
    /// The streams that are known beforehand; the journal shows the first for a refused command.
    var streams: [StreamName] { get }
}

extension StreamID: BoundaryReference {
    public var streams: [StreamName] { [name] }
}

/// Does something for each kind of boundary. Leftfold's own.
public protocol BoundaryVisitor: Sendable {
    associatedtype Answer

    func visit<C: Command>(_ command: C) async throws -> Answer where C.Target: Aggregate
    func visit<C: Command, each A: Aggregate>(_ command: C) async throws -> Answer where C.Target == Streams<repeat each A>
    func visit<C: Command>(_ command: C) async throws -> Answer where C.Target: DecisionModel
}
