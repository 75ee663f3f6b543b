import Foundation
import Leftfold
import LeftfoldDriver
import Logging

/// Switches queries back to a generation that was kept: at once, and never to an older state than they have seen.
///
/// The kept generation must have all that the live one has. Where this program has the version of the code that built it, it brings it up itself;
/// otherwise a projector of that version must be at work. What is rolled back from is kept in turn, so that there is a way forward, too.
public struct Rollback: Sendable {
    private let projection: any PostgresProjection
    private let database: LeftfoldDatabase
    private let number: Int?
    private let patience: Duration

    /// - Parameters:
    ///   - projection: in any version of the code.
    ///   - database: the log that it follows, and where its tables are.
    ///   - number: of the generation; nil: the one that was live last.
    ///   - patience: how long a generation is waited for that is behind.
    public init(
        _ projection: any PostgresProjection, in database: LeftfoldDatabase, to number: Int? = nil, patience: Duration = .seconds(10)
    ) {
        self.projection = projection
        self.database = database
        self.number = number
        self.patience = patience
    }

    private var generations: Generations { Generations(projection: projection, database: database) }

    /// Switches back, and returns what is live then.
    ///
    /// Throws ``OperationRefused`` where nothing, or not that one, is kept (`nothing_kept`), or where it has not caught up (`generation_behind`, with
    /// what is missing); `Unavailable` when somebody reads the views for all that time; or the database's error.
    ///
    /// - Parameters:
    ///   - principal: who does it, as they say.
    ///   - reason: why; on record.
    public func run(by principal: String, because reason: String) async throws -> Generation {
        let kept = try await kept()
        guard kept.generation.codeVersion == projection.version else { return try await switchBack(to: kept, principal, reason) }
        let projector = Projector(projection, in: database, logger: Logger(label: "leftfold.rollback"))
        return try await withThrowingTaskGroup(of: Generation?.self) { group in
            group.addTask {
                await projector.keptGenerations.run()
                return nil
            }
            group.addTask { try await switchBack(to: kept, principal, reason) }
            defer { group.cancelAll() }
            while let done = try await group.next() { if let done { return done } }
            throw CancellationError()
        }
    }

    private struct Kept {
        let generation: Generation
        let tables: [String]
    }

    private func kept() async throws -> Kept {
        let row = try await database.pool.execute(
            """
            SELECT number, code_version, tables FROM \(database.log).generations
            WHERE projection = \(projection.name) AND state = 'kept' AND number = coalesce(\(number.map(Int64.init)), number)
            ORDER BY live_since DESC LIMIT 1
            """
        ).first
        guard let (number, version, tables) = try row?.decode(Int.self, Int.self, [String].self) else {
            let what = number.map { "generation \($0)" } ?? "an older generation"
            throw OperationRefused(
                "nothing_kept", "\(what) of \(projection.name) is not kept: only rebuild --keep leaves one to go back to.")
        }
        return Kept(
            generation: Generation(log: database.log, projection: projection.name, number: number, codeVersion: version), tables: tables)
    }

    /// Where the kept one stands.
    private struct Standing {
        let position: GlobalPosition
        let live: GlobalPosition
        let failure: String?
        var missing: Int64 { live.rawValue - position.rawValue }
    }

    private func standing(of generation: Generation) async throws -> Standing {
        let row = try await database.pool.execute(
            """
            SELECT k.position, f.position, k.failure FROM \(database.log).followers AS k, \(database.log).generations AS g
            JOIN \(database.log).followers AS f ON f.name = g.follower
            WHERE k.name = \(generation.follower) AND g.projection = \(projection.name) AND g.state = 'live'
            """
        ).first
        guard let (position, live, failure) = try row?.decode(GlobalPosition.self, GlobalPosition.self, String?.self) else {
            throw OperationRefused("nothing_kept", "generation \(generation.number) of \(projection.name) was dropped meanwhile.")
        }
        return Standing(position: position, live: live, failure: failure)
    }

    private func switchBack(to kept: Kept, _ principal: String, _ reason: String) async throws -> Generation {
        let end = ContinuousClock.now + patience
        let owner = "rollback \(ProcessInfo.processInfo.processIdentifier)"
        var isLocked = false
        while true {
            do {
                // So near, the live one can be asked to stand still.
                if try await standing(of: kept.generation).missing <= 1000 {
                    let done = try await database.pool.withConnection { connection in
                        try await generations.holdLive(for: kept.generation, nil, owner, on: connection)
                        try await caughtUp(kept.generation, within: .seconds(1))
                        return try await generations.switchBack(
                            to: kept.generation, kept.tables, keeping: .untilDropped, principal, reason, on: connection) == nil
                    }
                    if done { return kept.generation }
                }
                isLocked = false
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                isLocked = true
            } catch is LeaseLost {
                throw OperationRefused("nothing_kept", "generation \(kept.generation.number) of \(projection.name) is no longer kept.")
            }
            guard .now < end else { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        let standing = try await standing(of: kept.generation)
        if isLocked { throw Unavailable("Somebody reads the views of \(projection.name) for long.") }
        throw OperationRefused(
            "generation_behind",
            "generation \(kept.generation.number) of \(projection.name) is at \(standing.position) and the live one at \(standing.live): "
                + "\(standing.missing) events are missing. "
                + (standing.failure.map { "It has stopped: \($0)" }
                    ?? "A projector with version \(kept.generation.codeVersion) of the code applies them."))
    }

    /// Returns when it is, or after the time.
    private func caughtUp(_ generation: Generation, within limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        while try await standing(of: generation).missing > 0, .now < end { try await Task.sleep(for: .milliseconds(10)) }
    }
}
