import Leftfold
import LeftfoldDriver
import Logging

/// Fills scratches of one projection by replaying the log, in short transactions, one page after the other.
struct ScratchBuilder: Sendable {
    let generations: Generations
    /// Events a second at most; nil: as fast as it goes.
    let rate: Int?
    private let reader: LogReader

    init(_ projection: any PostgresProjection, in database: LeftfoldDatabase, rate: Int? = nil) {
        generations = Generations(projection: projection, database: database)
        self.rate = rate
        reader = LogReader(store: database.store, pace: BatchPace(1000), sources: projection.sources)
    }

    private var database: LeftfoldDatabase { generations.database }

    /// Makes a scratch, lends it, and drops it, whatever becomes of the work.
    func withScratch<T>(
        _ purpose: Scratch.Purpose, upTo goal: GlobalPosition, _ body: (inout Scratch, Connection) async throws -> T
    ) async throws -> T {
        try await database.withConnection { connection in
            var scratch = try await Scratch.make(for: generations, purpose, upTo: goal, on: connection)
            do {
                let value = try await body(&scratch, connection)
                await drop(scratch)
                return value
            } catch {
                await drop(scratch)
                throw error
            }
        }
    }

    /// On a connection of its own, in a task of its own, awaited here: the one at work may be lost, or we may have been stopped.
    func drop(_ scratch: Scratch) async {
        let outcome = await Task { try await database.withConnection { try await scratch.drop(on: $0) } }.result
        guard case .failure(let error) = outcome else { return }
        Logger(label: "leftfold.scratch").notice(
            "the next one who builds any will drop what is left", metadata: ["schema": "\(scratch.schema)", "error": "\(error)"])
    }

    /// Brings the scratch up to a position. Events that are excluded are passed.
    ///
    /// - Returns: how many were.
    /// - Throws: `FailedEvent` for one that cannot be applied; ``VerificationFailed`` where the log ends before.
    func fill(
        _ scratch: inout Scratch, upTo end: GlobalPosition, without exclusions: Exclusions, by replay: any Replay,
        on connection: Connection,
        _ progress: (GlobalPosition, GlobalPosition) async -> Void
    ) async throws -> Int {
        guard scratch.position < end else { return 0 }
        let start = ContinuousClock.now
        let first = scratch.position
        var excluded = 0
        var page = try await self.page(after: scratch.position, upTo: end)
        while let last = page.events.last?.position {
            async let following = self.following(last, upTo: end)
            let events = page.events.filter { !exclusions.contains($0) }
            excluded += page.events.count - events.count
            try await scratch.transaction(on: connection) { connection in
                try await replay.apply(events[...], on: connection)
                try await scratch.reached(last, on: connection)
            }
            scratch.position = last
            await progress(last, end)
            if let rate {
                try await Task.sleep(until: start + .seconds(Double(last.rawValue - first.rawValue) / Double(rate)), clock: .continuous)
            }
            guard let next = try await following else { return excluded }
            page = next
        }
        throw beyond(end)
    }

    /// The same within a transaction of the scratch, with what its snapshot shows.
    func align(
        _ scratch: Scratch, with end: GlobalPosition, without exclusions: Exclusions, by replay: any Replay, on connection: Connection
    ) async throws -> Int {
        var (position, excluded) = (scratch.position, 0)
        while position < end {
            let rows = try await connection.execute(reader.statement(after: position, upTo: end, in: database.log))
            let all = try LogPage(rows, after: position).events
            guard let last = all.last else { throw beyond(end) }
            let events = all.filter { !exclusions.contains($0) }
            excluded += all.count - events.count
            try await replay.apply(events[...], on: connection)
            position = last.position
        }
        try await scratch.reached(end, on: connection)
        return excluded
    }

    private func following(_ position: GlobalPosition, upTo end: GlobalPosition) async throws -> LogPage? {
        position < end ? try await page(after: position, upTo: end) : nil
    }

    private func page(after position: GlobalPosition, upTo end: GlobalPosition) async throws -> LogPage {
        while true {
            let size = reader.pace.size
            do {
                return try await reader.page(after: position, upTo: end)
            } catch let error as PostgresError where error.isOverdue && reader.pace.size < size {
                continue
            }
        }
    }

    private func beyond(_ end: GlobalPosition) -> VerificationFailed {
        VerificationFailed(projection: generations.name, reason: "the position \(end) is beyond the log")
    }
}
