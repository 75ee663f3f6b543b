import Leftfold
import LeftfoldDriver

/// Applies the log to one generation, batch by batch, up to its head. Live, behind and rebuilding are this one path.
struct CatchUp<P: Projection>: Sendable {
    let projection: P
    let store: PostgresEventStore
    /// Events in one transaction at most.
    let batchSize: Int

    enum Stop: Error {
        /// The event cannot be applied; everything before it is.
        case failed(FailedEvent)
        /// Another projector has the lease, or the generation is retired.
        case leaseLost
    }

    /// Returns at the head. The next page is read while one is applied.
    func run(_ lease: inout Lease, on connection: Connection, progress: (GlobalPosition) async -> Void = { _ in }) async throws {
        var page = try await store.read(after: lease.position, limit: batchSize)
        while let last = page.last {
            async let following = store.read(after: last.position, limit: batchSize)
            try await apply(page, &lease, on: connection)
            await progress(lease.position)
            page = try await following
        }
    }

    /// Applies these events and moves the checkpoint, in one transaction and one round trip.
    func apply(_ events: [RecordedEvent], _ lease: inout Lease, on connection: Connection) async throws {
        var events = events[...]
        var failure: FailedEvent?
        while let last = events.last {
            do {
                let (batch, causes) = try StatementBatch.of(events, projection)
                do {
                    _ = try await connection.pipeline([lease.advance(to: last.position)] + batch.statements)
                    lease.position = last.position
                    break
                } catch  where error.sqlState == .checkpointMoved {
                    throw Stop.leaseLost
                } catch {
                    guard let index = error.statementIndex, index > 0, !error.isTransient else { throw error }
                    throw FailedEvent(event: causes[index - 1], reason: error.message)
                }
            } catch let failed as FailedEvent {
                // Everything before it is right and goes in.
                failure = failed
                events = events.prefix { $0.position < failed.event.position }
            }
        }
        if let failure { throw Stop.failed(failure) }
    }
}

extension PostgresError {
    /// Not the event's fault: the same batch may well succeed later.
    var isTransient: Bool {
        switch kind {
        case .server(let state): isConnectionFailure || ["40", "53", "55", "57", "58", "XX"].contains(state.errorClass)
        case .connectionFailed, .connectionLost, .timeout, .cancelled, .poolExhausted, .poolClosed: true
        // Text with a NUL, for instance: it will not be sendable the next time either.
        case .encoding, .decoding, .misuse: false
        }
    }
}
