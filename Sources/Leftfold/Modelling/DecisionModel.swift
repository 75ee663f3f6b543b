/// What a decision needs to know that no single stream tells: a fold of all events that match a query. The decision is
/// appended only if no further event matches by then (a dynamic consistency boundary).
///
/// A value of it is both the reference, before any event (`SeatsOfCourse(course: id, student: student)`), and the state.
/// ```swift
/// struct SeatsOfCourse: DecisionModel {
///     let course: UUID
///     var query: EventQuery { .tagged("course:\(course)") }
///     var taken = 0
///     mutating func evolve(_ event: RecordedEvent) throws {
///         for case .seatTaken in try event.decode(as: Course.self) { taken += 1 }
///     }
/// }
/// ```
public protocol DecisionModel: Boundary, BoundaryReference
where Reference == Self, Changes == Leftfold.Changes, Rejection: Leftfold.Rejection {
    /// Must not depend on what `evolve` changes.
    var query: EventQuery { get }

    /// Moves the state past one event that matches the query. Pure. Throws only what `decode(as:)` throws.
    mutating func evolve(_ event: RecordedEvent) throws
}

extension DecisionModel {
    public var streams: [StreamName] { [] }

    public static func accept<C: Command, V: BoundaryVisitor>(_ command: C, _ visitor: V) async throws -> V.Answer
    where C.Target == Self {
        try await visitor.visit(command)
    }
}
