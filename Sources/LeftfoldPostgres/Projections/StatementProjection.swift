public import Leftfold
public import LeftfoldDriver

/// A projection in the statement form: it says with which SQL an event changes its tables. The statements of many events are
/// sent in one round trip and one transaction.
public protocol StatementProjection: PostgresProjection {
    /// Adds the statements that this event means. An error, such as an unknown event type, stops this projection at this
    /// event, visibly; so does a statement that the server refuses, and an `UPDATE` that finds no row.
    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws
}

extension StatementProjection {
    public var form: ProjectionForm { ProjectionForm { generation, _ in StatementWriter(projection: self, log: generation.log) } }

    /// The statements that these events mean, in order: for tests without a database. Throws `FailedEvent`.
    public func statements(for events: some Sequence<RecordedEvent>) throws(FailedEvent) -> [SQL] {
        try StatementBatch.of(events, self).batch.statements
    }
}

/// Statements that will run in one transaction, in one round trip.
public struct StatementBatch: Sendable {
    public private(set) var statements: [SQL] = []
    /// Where an update may find no row.
    private var lenient: Set<Int> = []

    init() {}

    /// What an `UPDATE` that finds no row means.
    public enum MissingRow: Sendable {
        /// The event is not what the projection takes it for: it stops there.
        case stops
        /// There may be none.
        case passes
    }

    /// Adds a statement. Its result is not seen: decide from the event, and let SQL decide from the tables.
    ///
    /// - Parameters:
    ///   - sql: of this projection's tables.
    ///   - missing: what it means that there is no row to change. Only of statements that begin with `UPDATE` and have no `RETURNING`;
    ///     a deletion, or what begins with `WITH`, may always find none.
    public mutating func execute(_ sql: SQL, missing: MissingRow = .stops) {
        if missing == .passes { lenient.insert(statements.count) }
        statements.append(sql)
    }

    /// Those that must find a row.
    var strict: [Int] {
        statements.indices.filter {
            statements[$0].firstWord("update") && !lenient.contains($0) && !statements[$0].mentions("returning")
        }
    }

    /// With a look at what the updates found, taken by the server.
    func checked(in log: LogName) -> [SQL] {
        var checked = statements
        for index in strict {
            checked[index] = """
                WITH changed AS (\(fragment: statements[index].withoutSemicolon())
                RETURNING 1) SELECT CASE WHEN count(*) = 0 THEN \(log).no_such_row() END FROM changed
                """
        }
        return checked
    }
}

extension StatementBatch {
    /// The statements that the events mean, and for each statement its event.
    static func of(
        _ events: some Sequence<RecordedEvent>, _ projection: some StatementProjection
    ) throws(FailedEvent) -> (batch: StatementBatch, causes: [RecordedEvent]) {
        let sources = projection.sources
        var batch = StatementBatch()
        var causes: [RecordedEvent] = []
        for event in events where sources.contains(event) {
            do {
                try projection.apply(event, to: &batch)
            } catch {
                throw FailedEvent(event, reason: error)
            }
            while causes.count < batch.statements.count { causes.append(event) }
        }
        return (batch, causes)
    }
}

/// Sends the statements of a page in one pipeline.
struct StatementWriter<P: StatementProjection>: ProjectionWriter {
    let projection: P
    var log: LogName = .standard

    /// From so many statements on, a commit of its own costs less than having the server look at each update.
    private static var manyStatements: Int { 100 }

    private struct Statements: Sendable {
        let all: [SQL]
        /// Those of which we see for ourselves whether they found a row, before the commit; nil where the server does.
        let watched: [Int]?
        /// The event of each.
        let causes: [RecordedEvent]
    }

    func prepare(_ events: ArraySlice<RecordedEvent>) -> PreparedBatch { prepare(events, mayCommit: true) }

    private func prepare(_ events: ArraySlice<RecordedEvent>, mayCommit: Bool) -> PreparedBatch {
        let made = Result { () throws(FailedEvent) in
            let (batch, causes) = try StatementBatch.of(events, projection)
            return mayCommit && batch.statements.count >= Self.manyStatements
                ? Statements(all: batch.statements, watched: batch.strict, causes: causes)
                : Statements(all: batch.checked(in: log), watched: nil, causes: causes)
        }
        return PreparedBatch(events: events, touched: touched(by: events)) { advance, connection in
            try await send(try made.get(), after: advance, on: connection)
        }
    }

    func handle(_ events: ArraySlice<RecordedEvent>, after advance: SQL, on connection: Connection) async throws {
        try await prepare(events, mayCommit: await !connection.isInTransaction).send(advance, connection)
    }

    private func send(_ statements: Statements, after advance: SQL, on connection: Connection) async throws {
        do {
            guard let watched = statements.watched else {
                try await connection.pipeline([advance] + statements.all)
                return
            }
            try await connection.transaction { connection in
                let results = try await connection.pipeline([advance] + statements.all)
                for index in watched where results[index + 1].affected == 0 {
                    throw FailedEvent(statements.causes[index], reason: "the row that it changes is not there")
                }
            }
        } catch let error as PostgresError where !error.isTransient {
            guard let index = error.statementIndex, index > 0 else { throw error }
            throw FailedEvent(statements.causes[index - 1], reason: error.message)
        }
    }
}
