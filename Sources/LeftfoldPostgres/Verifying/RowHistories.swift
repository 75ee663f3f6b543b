import Leftfold
import LeftfoldDriver

/// Which events made single rows: replays the log into a scratch and watches them.
struct RowHistories: Sendable {
    let builder: ScratchBuilder
    let table: String
    let bounds: ReplayBounds
    /// Of the events of each row, the last ones that are told.
    let limit: Int

    /// Those that the log has anything of, by key.
    typealias Seen = [[String]: (steps: [RowStep], events: Int)]

    /// Of rows whose keys PostgreSQL has spelt.
    func find(_ keys: [[String]]) async throws -> Seen { try await find(spelt: { _, _ in keys }) { _, _ in }.seen }

    /// - Parameter spelt: makes keys of the table in PostgreSQL's spelling.
    /// - Throws: `FailedEvent` for an event that cannot be applied.
    func find(
        spelt: (RowKey, Connection) async throws -> [[String]], progress: (GlobalPosition, GlobalPosition) async -> Void
    ) async throws -> (key: RowKey, keys: [[String]], seen: Seen) {
        try await builder.withScratch(.explain, upTo: bounds.end) { scratch, connection in
            let (watch, replay) = try await scratch.transaction(on: connection) { [scratch] connection in
                guard let key = try await RowKey.find(table, in: scratch.tables, on: connection), !key.columns.isEmpty else {
                    throw OperationRefused("no_key", "\(table) has no primary key, which is what tells rows apart.")
                }
                let keys = try await spelt(key, connection)
                let watch = RowWatch(scratch: scratch, key: key, keys: keys)
                try await watch.begin(on: connection)
                let replay = try await builder.generations.projection.replay(into: scratch.tables, on: connection)
                return (watch, try await replay.watching(keys, of: key, on: connection))
            }
            _ = try await builder.fill(&scratch, upTo: bounds.end, without: bounds.exclusions, by: replay, on: connection, progress)
            return (watch.key, watch.keys, try await scratch.transaction(on: connection) { try await watch.seen(limit: limit, on: $0) })
        }
    }
}
