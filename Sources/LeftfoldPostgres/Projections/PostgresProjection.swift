public import Leftfold
import LeftfoldDriver

/// A projection whose rows are in PostgreSQL. Write one in the statement form (``StatementProjection``) or in the fold form
/// (``TableProjection``).
///
/// It owns its tables. They live in a schema of their own per generation; a rebuild fills the next generation and switches.
/// The script and the statements name its tables plainly. They are looked for in the generation's schema, then in that of
/// the read views, then in `public`, where extensions are, then in ``LeftfoldDatabase/extensionSchemas``; so they must not share a name with a
/// table of another projection. A script is ordinary SQL: partitions, identity columns, several tables with foreign keys among them, types and
/// operators of extensions. A type of another schema is refused: its operators would not be found.
public protocol PostgresProjection: Projection {
    /// The tables that queries see, each through a stable view of the same name.
    var tables: [String] { get }
    /// The DDL of the tables and their indexes.
    var script: String { get }
    /// Whether appends write its rows in their own transactions, so that a command's answer comes when its rows are there. False unless declared.
    ///
    /// What it costs: two or three round trips more for each batch of appends, under the append lock, and its statements; no append is committed
    /// while it cannot apply an event, is paused, or is being caught up with. So: few rows an event, and no statement that waits. What was appended
    /// otherwise, by psql or by code of another version, a projector takes in within seconds, or the next append does. Processes whose code is of
    /// another version than the live generation append without it.
    var isInline: Bool { get }
    /// Which of the forms it is; the forms say it themselves.
    var form: ProjectionForm { get }
}

extension PostgresProjection {
    public var isInline: Bool { false }
}

/// How the events of a projection become rows: one of the forms there are.
public struct ProjectionForm: Sendable {
    /// For a generation, whose tables are there.
    let writer: @Sendable (Generation, Connection) async throws -> any ProjectionWriter
}

/// Writes one generation of one projection.
protocol ProjectionWriter: BatchHandler {
    associatedtype P: Projection
    var projection: P { get }
    /// Takes in the log up to its end by a faster way, which is only for tables that nobody sees yet. It moves the checkpoint in the same
    /// transaction as what it writes. What it cannot take in it leaves to the usual way, which knows what to say of it.
    ///
    /// Throws ``LeaseLost``, or the database's error.
    ///
    /// - Parameters:
    ///   - end: nil: to the end of the log.
    ///   - memory: of the rows that it may keep, in bytes, about.
    ///   - progress: called after each page with its position and the head.
    func fill(
        from reader: LogReader, upTo end: GlobalPosition?, _ lease: inout Lease, on connection: Connection, memory: Int,
        _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws
}

extension ProjectionWriter {
    func fill(
        from reader: LogReader, upTo end: GlobalPosition?, _ lease: inout Lease, on connection: Connection, memory: Int,
        _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws {}

    func touched(by events: ArraySlice<RecordedEvent>) -> Dependencies {
        projection.touched(by: events, atMost: Dependencies.maximumAnnounced)
    }
}
