import Leftfold
import LeftfoldDriver

/// What a follower makes of events: the part that projections, and whoever else follows the log, do differently.
protocol BatchHandler: Sendable {
    /// Takes in these events, all or none, in one transaction with the statement that moves the checkpoint.
    ///
    /// Throws `FailedEvent` where it knows which event is at fault; then those before it are tried without it.
    func handle(_ events: ArraySlice<RecordedEvent>, after advance: SQL, on connection: Connection) async throws
    /// Which kept answers it changes when it takes in these events.
    func touched(by events: ArraySlice<RecordedEvent>) -> Dependencies
    /// Makes of these events what can be made of them without the database, so that it is done while the batch before is on its way.
    func prepare(_ events: ArraySlice<RecordedEvent>) -> PreparedBatch
}

extension BatchHandler {
    func prepare(_ events: ArraySlice<RecordedEvent>) -> PreparedBatch {
        PreparedBatch(events: events, touched: touched(by: events)) { try await handle(events, after: $0, on: $1) }
    }

    /// Takes in a page. When an event is at fault, everything before it is taken in, and the event is thrown.
    func take(_ page: ArraySlice<RecordedEvent>, _ lease: inout Lease, on connection: Connection) async throws {
        try await take(prepare(page), &lease, on: connection)
    }

    /// Takes in a page that it has prepared, as ``take(_:_:on:)`` does.
    func take(_ batch: PreparedBatch, _ lease: inout Lease, on connection: Connection) async throws {
        guard let last = batch.events.last else { return }
        try await take(batch, to: last.position, &lease, on: connection)
    }

    /// - Parameter end: so far was looked; what is not in the page up to there is not wanted.
    private func take(
        _ batch: PreparedBatch, to end: GlobalPosition, _ lease: inout Lease, on connection: Connection
    ) async throws {
        guard end > lease.position else { return }
        let page = batch.events
        let start = ContinuousClock.now
        do {
            try await batch.send(lease.advance(to: end, touching: batch.touched), connection)
            lease.advanced(to: end, sentAt: start)
        } catch let failed as FailedEvent {
            // In a transaction of somebody's there is no second try: it is aborted as a whole.
            if await connection.isInTransaction { throw failed }
            let before = GlobalPosition(rawValue: failed.event.position.rawValue - 1)
            try await take(prepare(page.prefix { $0.position <= before }), to: before, &lease, on: connection)
            throw failed
        } catch let error as PostgresError where error.sqlState == .checkpointMoved || error.sqlState == .epochEnded {
            throw LeaseLost()
        } catch  where Self.isAboutTheEvents(error) {
            if await connection.isInTransaction { throw error }
            guard page.count > 1 else {
                guard let event = page.first else { throw error }
                throw FailedEvent(event, reason: (error as? PostgresError)?.message ?? "\(error)")
            }
            // The statement was made from many events: which of them is at fault shows when they are halved.
            let middle = page.startIndex + page.count / 2
            try await take(page[..<middle], &lease, on: connection)
            try await take(prepare(page[middle...]), to: end, &lease, on: connection)
        }
    }

    /// Whether the same batch will fail the next time, too. The statement that moves the checkpoint is the first of its pipeline, and has
    /// nothing to do with the events.
    static func isAboutTheEvents(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return !(error is CancellationError) }
        // A commit that did not wait for a standby may be there.
        return !error.isTransient && !error.outcomeUnknown && error.statementIndex != 0
    }
}

extension PostgresError {
    /// Not the event's fault: the same batch may well succeed later.
    var isTransient: Bool {
        switch kind {
        case .server(let state):
            isConnectionFailure || ["40", "53", "55", "57", "58", "XX"].contains(state.errorClass)
                // Rights and tables that somebody took away, somebody can give back.
                || [.insufficientPrivilege, .undefinedTable, .invalidSchemaName, .readOnlySQLTransaction].contains(state)
        case .connectionFailed, .connectionLost, .timeout, .cancelled, .poolExhausted, .poolClosed: true
        // Text with a NUL, for instance: it will not be sendable the next time either.
        case .encoding, .decoding, .misuse: false
        }
    }
}
