public import Leftfold
public import LeftfoldDriver

/// Folds events into read tables. It says with which statements; when and how often is the projector's affair.
///
/// Each position is applied exactly once, in order, in the transaction that moves the checkpoint (I5). The tables live in
/// a schema of their own per generation; a rebuild fills the next generation and switches. Statements name the tables
/// plainly: the projector sets the search path. So: no schema names in the script or in statements.
public protocol Projection: Sendable {
    static var name: ProjectionName { get }
    /// The tables that queries see, each through a stable view of the same name in the schema `public`.
    var tables: [String] { get }
    /// The DDL of the tables and their indexes.
    var script: String { get }
    /// The aggregates whose events it follows. Events of other categories pass it by.
    var categories: Set<StreamCategory> { get }

    /// Adds the statements that this event means. Pure: no I/O, no clock, no randomness, or a rebuild would come out
    /// differently (I6). An error, such as an unknown event type, stops this projection at this event, visibly.
    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws
}

extension Projection {
    public var name: ProjectionName { Self.name }
}

/// Statements that will run in one transaction, in one round trip.
public struct StatementBatch: Sendable {
    public private(set) var statements: [SQL] = []

    public init() {}

    /// Adds a statement. Its result is not seen: decide from the event, and let SQL decide from the tables.
    public mutating func execute(_ sql: SQL) { statements.append(sql) }
}

extension StatementBatch {
    /// The statements that the events mean, and for each statement the index of its event.
    static func of(_ events: some Sequence<RecordedEvent>, _ projection: some Projection) throws(FailedEvent) -> (
        StatementBatch, [RecordedEvent]
    ) {
        var batch = StatementBatch()
        var causes: [RecordedEvent] = []
        for event in events {
            guard let category = event.stream.category, projection.categories.contains(category) else { continue }
            do {
                try projection.apply(event, to: &batch)
            } catch {
                throw FailedEvent(event: event, reason: "\(error)")
            }
            while causes.count < batch.statements.count { causes.append(event) }
        }
        return (batch, causes)
    }
}

/// An event that a projection cannot apply.
struct FailedEvent: Error, Sendable {
    let event: RecordedEvent
    let reason: String
}
