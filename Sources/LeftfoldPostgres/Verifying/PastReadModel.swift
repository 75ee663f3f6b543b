public import Foundation
public import Leftfold
import LeftfoldDriver

/// The read model of a projection as it was: its tables made of the log up to some moment, in a schema of their own that anybody with psql can query.
/// They stand as they are until they are dropped, or for as long as they are kept: the next one who builds, verifies or explains anything drops what
/// is older.
public struct PastReadModel: Sendable {
    private let builder: ScratchBuilder

    public init(_ projection: any PostgresProjection, in database: LeftfoldDatabase) {
        builder = ScratchBuilder(projection, in: database)
    }

    public enum Moment: Sendable {
        case position(GlobalPosition)
        /// Up to the last event that was recorded then.
        case time(Date)
    }

    /// One that is there.
    public struct Built: Sendable, Codable, Equatable {
        public var projection: String
        public var schema: String
        public var tables: [String]
        /// Up to where the log is in it.
        public var position: GlobalPosition
        public var keptUntil: Date

        enum CodingKeys: String, CodingKey {
            case projection, schema, tables, position
            case keptUntil = "kept_until"
        }
    }

    /// Builds it, or finds the one that is there of the same position and version of the code; that is kept longer then. What the live tables leave out
    /// is left out.
    ///
    /// Throws ``OperationRefused`` for a moment that is not in the log yet; ``VerificationFailed`` where an event cannot be applied.
    public func build(
        at moment: Moment, keptFor age: Duration = .seconds(86_400),
        progress: (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }
    ) async throws -> Built {
        let generations = builder.generations
        let bounds = try await ReplayBounds.find(generations, upTo: try await position(of: moment))
        if let there = try await find(at: bounds.end, keptFor: age) { return there }
        return try await generations.database.withConnection { connection in
            var scratch = try await Scratch.make(for: generations, .asOf, upTo: bounds.end, on: connection)
            do {
                let replay = try await scratch.transaction(on: connection) { [tables = scratch.tables] in
                    try await generations.projection.replay(into: tables, on: $0)
                }
                _ = try await builder.fill(&scratch, upTo: bounds.end, without: bounds.exclusions, by: replay, on: connection, progress)
                guard let built = try await keep(scratch.schema, age, on: connection) else { throw ScratchLost(schema: scratch.schema) }
                return built
            } catch {
                await builder.drop(scratch)
                guard error is FailedEvent || error is ScratchLost else { throw error }
                throw VerificationFailed(projection: generations.name, reason: "\(error)")
            }
        }
    }

    /// Drops all of this projection, also those that others still build. Returns their schemas.
    public func dropAll() async throws -> [String] {
        let generations = builder.generations
        return try await generations.database.withConnection { connection in
            let all = try await connection.execute(
                """
                SELECT name, code_version FROM \(generations.log).scratches
                WHERE projection = \(generations.name) AND purpose = 'as_of' ORDER BY created_at
                """
            ).map { try $0.decode(String.self, Int.self) }
            for (name, version) in all {
                guard let tables = Generation(scratch: name, of: generations.name, in: generations.log, codeVersion: version) else {
                    continue
                }
                try await Scratch(generations: generations, tables: tables).drop(on: connection)
            }
            return all.map(\.0)
        }
    }

    /// Rows of one of the tables, in the order of its primary key, as JSON.
    ///
    /// Throws ``OperationRefused`` for a table or a key that it does not have.
    ///
    /// - Parameters:
    ///   - built: which one; nil: the live tables.
    ///   - table: the projection's first unless given.
    ///   - key: only the row with this one; see ``Explanation/run(_:table:upTo:limit:progress:)``.
    ///   - limit: rows at most.
    public func rows(of built: Built?, table: String? = nil, key: [String] = [], limit: Int) async throws -> [RawJSON] {
        let generations = builder.generations
        let table = try generations.projection.known(table)
        return try await generations.database.withConnection { connection in
            let tables: Generation
            if let built {
                guard let found = Generation(scratch: built.schema, of: generations.name, in: generations.log, codeVersion: 0) else {
                    return []
                }
                tables = found
            } else {
                guard let live = try await generations.live({ try await connection.execute($0) }) else {
                    throw OperationRefused.unknown(generations.name)
                }
                tables = live
            }
            return try await connection.transaction(readOnly: true) { connection in
                try await generations.use(tables, on: connection)
                guard let rowKey = try await RowKey.find(table, in: tables, on: connection) else {
                    throw OperationRefused("unknown_table", "The table \(table) is not there.")
                }
                var only: SQL = "true"
                if !key.isEmpty {
                    let values = try await rowKey.values(key, on: connection)
                    only = "(\(fragment: rowKey.columns(of: "whole_row"))) = \(fragment: rowKey.row(values))"
                }
                let order: SQL = rowKey.columns.isEmpty ? "whole_row::text" : rowKey.columns(of: "whole_row")
                return try await connection.execute(
                    """
                    SELECT row_to_json(whole_row)::text FROM \(unsafe: rowKey.relation) AS whole_row WHERE \(fragment: only)
                    ORDER BY \(fragment: order) LIMIT \(Int64(limit))
                    """
                ).map { RawJSON(Array(try $0.decode(String.self).utf8)) }
            }
        }
    }

    private func position(of moment: Moment) async throws -> GlobalPosition {
        let database = builder.generations.database
        switch moment {
        case .position(let position): return position
        case .time(let time):
            return try await database.withConnection { connection in
                let isPast = try await connection.execute("SELECT \(time) <= clock_timestamp()").first?.decode(Bool.self)
                guard isPast == true else {
                    throw OperationRefused("time_to_come", "What will have been recorded by then is not known yet.")
                }
                // Clocks order nothing: what comes before the last such event is in, whatever time it has.
                return try await connection.execute(
                    "SELECT position FROM \(database.log).events WHERE recorded_at <= \(time) ORDER BY position DESC LIMIT 1"
                ).first?.decode(GlobalPosition.self) ?? .zero
            }
        }
    }

    private func find(at position: GlobalPosition, keptFor age: Duration) async throws -> Built? {
        let generations = builder.generations
        return try await generations.database.withConnection { connection in
            let name = try await connection.execute(
                """
                SELECT name FROM \(generations.log).scratches
                WHERE projection = \(generations.name) AND purpose = 'as_of' AND code_version = \(Int32(generations.projection.version))
                    AND position = goal AND goal = \(position) AND kept_until > clock_timestamp() ORDER BY created_at DESC LIMIT 1
                """
            ).first?.decode(String.self)
            guard let name else { return nil }
            return try await keep(name, age, on: connection)
        }
    }

    private func keep(_ schema: String, _ age: Duration, on connection: Connection) async throws -> Built? {
        let generations = builder.generations
        return try await connection.execute(
            """
            UPDATE \(generations.log).scratches
            SET kept_until = greatest(CASE WHEN position = goal THEN kept_until END, clock_timestamp() + make_interval(secs => \(age.seconds)))
            WHERE name = \(schema) RETURNING position, kept_until
            """
        ).first.map { row in
            let (position, until) = try row.decode(GlobalPosition.self, Date.self)
            return Built(
                projection: generations.name.rawValue, schema: schema, tables: generations.projection.tables, position: position,
                keptUntil: until)
        }
    }
}
