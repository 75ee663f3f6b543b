import Leftfold
import LeftfoldDriver

/// What a follower passes without handing it over, because an operator said so.
struct Exclusions: Sendable {
    struct Parked: Sendable {
        var from: StreamVersion
        /// To be taken back.
        var isResuming: Bool
    }

    private(set) var positions: Set<GlobalPosition> = []
    var streams: [StreamName: Parked] = [:]

    var isEmpty: Bool { positions.isEmpty && streams.isEmpty }

    func contains(_ event: RecordedEvent) -> Bool {
        if positions.contains(event.position) { return true }
        guard !streams.isEmpty, let parked = streams[event.stream] else { return false }
        return event.version >= parked.from
    }

    /// Those of a follower that concern what comes after the position.
    static func find(
        for follower: FollowerName, after position: GlobalPosition, in log: LogName, on connection: Connection
    ) async throws -> Exclusions {
        let rows = try await connection.execute(
            """
            SELECT position, NULL, NULL, NULL FROM \(log).skipped_events WHERE follower = \(follower) AND position > \(position)
            UNION ALL
            SELECT NULL, stream::text, from_version, resuming FROM \(log).parked_streams WHERE follower = \(follower)
            """)
        return try rows.reduce(into: Exclusions()) { exclusions, row in
            let (position, stream, version, isResuming) = try row.decode(
                GlobalPosition?.self, StreamName?.self, StreamVersion?.self, Bool?.self)
            if let position { exclusions.positions.insert(position) }
            if let stream, let version { exclusions.streams[stream] = Parked(from: version, isResuming: isResuming ?? false) }
        }
    }
}

/// Hands over what is not excluded. The checkpoint moves past the rest all the same.
struct ExcludingHandler: BatchHandler {
    let base: any BatchHandler
    let exclusions: Exclusions

    func handle(_ events: ArraySlice<RecordedEvent>, after advance: SQL, on connection: Connection) async throws {
        try await base.handle(included(events), after: advance, on: connection)
    }

    func touched(by events: ArraySlice<RecordedEvent>) -> Dependencies { base.touched(by: included(events)) }

    func prepare(_ events: ArraySlice<RecordedEvent>) -> PreparedBatch {
        let batch = base.prepare(included(events))
        return PreparedBatch(events: events, touched: batch.touched, send: batch.send)
    }

    private func included(_ events: ArraySlice<RecordedEvent>) -> ArraySlice<RecordedEvent> {
        events.filter { !exclusions.contains($0) }[...]
    }
}
