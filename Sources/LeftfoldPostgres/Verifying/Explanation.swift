public import Leftfold
import LeftfoldDriver

/// Tells which events made a row of a projection, and what it was after each.
///
/// In the fold form only the events are applied that change the row; in the statement form all are, since their SQL may read any row. Either takes
/// about as long as a replay of the log; nobody waits for it, and nothing of the live tables is touched.
public struct Explanation: Sendable {
    private let builder: ScratchBuilder

    public init(_ projection: any PostgresProjection, in database: LeftfoldDatabase) {
        builder = ScratchBuilder(projection, in: database)
    }

    public struct Report: Sendable, Codable, Equatable {
        public var projection: String
        public var table: String
        public var key: [KeyField]
        /// Up to where the log was looked at.
        public var position: GlobalPosition
        /// How many events made the row; 0 where there was never any.
        public var events: Int
        /// The last of them, in order.
        public var steps: [RowStep]
    }

    /// Looks as far as the live tables are, if this code built them and nothing else is said; else to the end of the log. Leaves out what they leave out.
    ///
    /// Throws `OperationRefused` for a table or a key that the projection does not have, or a position that the log does not; ``VerificationFailed``
    /// where an event cannot be applied.
    ///
    /// - Parameters:
    ///   - key: the value of the primary key; of several columns, `column=value` for each.
    ///   - table: the projection's first unless given.
    ///   - end: the last event that is looked at.
    ///   - limit: of the events that are told; the last ones are.
    ///   - progress: called after each page with its position and the end.
    public func run(
        _ key: [String], table: String? = nil, upTo end: GlobalPosition? = nil, limit: Int = 100,
        progress: (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }
    ) async throws -> Report {
        let generations = builder.generations
        let table = try generations.projection.known(table)
        let bounds = try await ReplayBounds.find(generations, upTo: end)
        do {
            let (rowKey, keys, seen) = try await RowHistories(builder: builder, table: table, bounds: bounds, limit: limit).find(
                spelt: { rowKey, connection in [try await rowKey.values(key, on: connection)] }, progress: progress)
            let values = keys[0]
            return Report(
                projection: generations.name.rawValue, table: table, key: rowKey.fields(values), position: bounds.end,
                events: seen[values]?.events ?? 0, steps: seen[values]?.steps ?? [])
        } catch let event as FailedEvent {
            throw VerificationFailed(projection: generations.name, reason: "\(event)")
        } catch let lost as ScratchLost {
            throw VerificationFailed(projection: generations.name, reason: "\(lost)")
        }
    }
}

extension PostgresProjection {
    /// One of its tables, the first unless a name is given. Throws `OperationRefused`.
    func known(_ table: String?) throws -> String {
        guard let found = table.map({ table in tables.first { $0 == table } }) ?? tables.first else {
            throw OperationRefused("unknown_table", "\(name) has the tables \(tables.joined(separator: ", ")) and no other.")
        }
        return found
    }
}
