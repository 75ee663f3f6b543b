public import Leftfold
import LeftfoldDriver

/// Checks that a projection's tables are what a fold of the log gives (I6): replays the log into tables of its own and compares.
///
/// This is a second fold on purpose: it shares nothing with what it checks but the projection. It works beside a projector that goes on, and holds
/// no long snapshot: the replay is many short transactions, and each range of rows is compared in one of its own, in which the replay first comes up to
/// where the live tables are. So a row differs only where it differs at one position. What an operator had the projection leave out is left out
/// here, too.
public struct Verification: Sendable {
    /// How many rows of a table that differ are told.
    public static let maximumDifferences = 10
    /// How many events are told of each.
    public static let maximumEvents = 20

    private let builder: ScratchBuilder
    private let rangeSize: Int

    /// - Parameters:
    ///   - projection: in the version of the code that built what is live.
    ///   - database: the log that it follows, and where its tables are.
    ///   - eventsPerSecond: replayed at most; nil: as fast as it goes.
    public init(_ projection: any PostgresProjection, in database: LeftfoldDatabase, eventsPerSecond: Int? = nil) {
        self.init(projection, in: database, eventsPerSecond: eventsPerSecond, rangeSize: 10_000)
    }

    init(_ projection: any PostgresProjection, in database: LeftfoldDatabase, eventsPerSecond: Int? = nil, rangeSize: Int) {
        builder = ScratchBuilder(projection, in: database, rate: eventsPerSecond)
        self.rangeSize = rangeSize
    }

    private var generations: Generations { builder.generations }

    /// Compares, and puts on record what came of it.
    ///
    /// Throws ``VerificationFailed`` where there is nothing that this code could compare with, or where the live tables were exchanged meanwhile; or the
    /// database's error.
    ///
    /// - Parameter progress: called after each page with its position and where the replay is to end.
    public func run(progress: (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }) async throws -> Report {
        do {
            let live = try await generations.database.pool.withConnection { try await comparable(on: $0) }
            var report = try await builder.withScratch(.verify, upTo: live.position) { scratch, connection in
                try await compare(&scratch, with: live, on: connection, progress)
            }
            try await tellEvents(of: &report, live)
            try await record(report)
            return report
        } catch let event as FailedEvent {
            throw failed("\(event)")
        } catch let lost as ScratchLost {
            throw failed("\(lost)")
        }
    }

    private func comparable(on connection: Connection) async throws -> LiveTables {
        guard let live = try await LiveTables.find(generations, on: connection) else { throw failed("it has no live generation") }
        let version = generations.projection.version
        guard live.generation.codeVersion == version else {
            throw failed("its live generation was built by version \(live.generation.codeVersion) of the code; this is version \(version)")
        }
        return live
    }

    private func compare(
        _ scratch: inout Scratch, with live: LiveTables, on connection: Connection,
        _ progress: (GlobalPosition, GlobalPosition) async -> Void
    ) async throws -> Report {
        let replay = try await scratch.transaction(on: connection) { [tables = scratch.tables] in
            try await generations.projection.replay(into: tables, on: $0)
        }
        var report = Report(
            projection: generations.name.rawValue, generation: live.generation.number, comparedFrom: live.position, position: live.position,
            excluded: 0, tables: [], differences: [])
        report.excluded = try await builder.fill(
            &scratch, upTo: live.position, without: live.exclusions, by: replay, on: connection, progress)
        for table in try await tables(of: scratch, on: connection) {
            var counts = Report.Table(name: table)
            var start: [String]?
            var told = 0
            repeat {
                // What has been applied meanwhile, most of it without a snapshot.
                let near = try await comparable(on: connection)
                report.excluded += try await builder.fill(
                    &scratch, upTo: near.position, without: live.exclusions, by: replay, on: connection, progress)
                let (range, position, excluded) = try await scratch.transaction(isolation: .repeatableRead, on: connection) {
                    [scratch] connection in
                    let now = try await comparable(on: connection)
                    guard now.areStill(live) else {
                        throw failed("its live tables, or what they leave out, were changed meanwhile; verify again")
                    }
                    let excluded = try await builder.align(
                        scratch, with: now.position, without: live.exclusions, by: replay, on: connection)
                    let comparison = try await comparison(of: table, live.generation, scratch.tables, on: connection)
                    return (
                        try await comparison.range(after: start, limit: Self.maximumDifferences - told, on: connection), now.position,
                        excluded
                    )
                }
                if report.tables.isEmpty, start == nil { report.comparedFrom = position }
                (scratch.position, report.position, report.excluded) = (position, position, report.excluded + excluded)
                counts.add(range.counts)
                report.differences += range.differences
                told += range.differences.count
                start = range.end
            } while start != nil
            report.tables.append(counts)
        }
        return report
    }

    /// Without views, which show what is in the others, some of them when they are refreshed.
    private func tables(of scratch: Scratch, on connection: Connection) async throws -> [String] {
        var tables: [String] = []
        for table in generations.projection.tables where try await RowKey.find(table, in: scratch.tables, on: connection) != nil {
            tables.append(table)
        }
        return tables
    }

    private func comparison(
        of table: String, _ live: Generation, _ scratch: Generation, on connection: Connection
    ) async throws -> TableComparison {
        guard let scratchKey = try await RowKey.find(table, in: scratch, on: connection),
            let liveKey = try await RowKey.find(table, in: live, on: connection)
        else { throw failed("its live table \(table) is not there") }
        guard liveKey.columns.map(\.name) == scratchKey.columns.map(\.name) else {
            throw failed("the primary key of its live table \(table) is not that of its script")
        }
        return TableComparison(table: table, live: liveKey, scratch: scratchKey, size: rangeSize)
    }

    /// Which events made the rows that differ.
    private func tellEvents(of report: inout Report, _ live: LiveTables) async throws {
        for table in generations.projection.tables {
            let keys = report.differences.filter { $0.table == table && !$0.key.isEmpty }.map { $0.key.map(\.value) }
            if keys.isEmpty { continue }
            let bounds = ReplayBounds(end: report.position, exclusions: live.exclusions)
            let histories = try await RowHistories(builder: builder, table: table, bounds: bounds, limit: Self.maximumEvents).find(keys)
            for index in report.differences.indices where report.differences[index].table == table {
                guard let seen = histories[report.differences[index].key.map(\.value)] else { continue }
                report.differences[index].events = seen.steps.map(\.event)
                report.differences[index].eventCount = seen.events
            }
        }
    }

    private func record(_ report: Report) async throws {
        try await generations.database.pool.execute(
            """
            INSERT INTO \(generations.log).verifications (projection, generation, position, differing)
            VALUES (\(generations.name), \(Int32(report.generation)), \(report.position), \(Int64(report.differing)))
            ON CONFLICT (projection) DO UPDATE
            SET generation = excluded.generation, position = excluded.position, differing = excluded.differing, verified_at = clock_timestamp()
            """)
    }

    private func failed(_ reason: String) -> VerificationFailed { VerificationFailed(projection: generations.name, reason: reason) }
}

extension Verification.Report.Table {
    fileprivate mutating func add(_ other: Self) {
        rows += other.rows
        missing += other.missing
        unexpected += other.unexpected
        changed += other.changed
    }
}

/// A verification that could not say whether the tables are right.
public struct VerificationFailed: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "verifying \(projection) failed: \(reason)" }
}
