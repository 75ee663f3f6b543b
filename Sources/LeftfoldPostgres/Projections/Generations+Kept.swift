import Leftfold
import LeftfoldDriver
import Logging

/// Generations that are followed although another one is live.
extension Generations {
    /// Those that code of a version goes on with. Those whose time is over are retired first.
    func kept(ofVersion version: Int) async throws -> [Generation] {
        try await endKeeping()
        return try await database.pool.execute(
            """
            SELECT number, code_version FROM \(log).generations
            WHERE projection = \(name) AND state = 'kept' AND code_version = \(Int32(version)) ORDER BY number
            """
        ).map(generation)
    }

    private func endKeeping() async throws {
        try await database.pool.execute(
            """
            WITH ended AS (
                UPDATE \(log).generations SET state = 'retired', kept_until = NULL
                WHERE projection = \(name) AND state = 'kept' AND kept_until <= clock_timestamp() RETURNING follower
            ) UPDATE \(log).followers AS f SET lease_epoch = f.lease_epoch + 1, lease_owner = NULL, lease_until = NULL
            FROM ended AS e WHERE f.name = e.follower
            """)
    }

    /// Whether code of this version has never had a live generation, and only older code has. Code that was rolled back from had one.
    func isOvertaken(_ live: Generation, by version: Int) async throws -> Bool {
        guard live.codeVersion < version else { return false }
        return try await database.pool.execute(
            """
            SELECT 1 FROM \(log).generations WHERE projection = \(name) AND code_version >= \(Int32(version)) AND live_since IS NOT NULL
            """
        ).isEmpty
    }
}

/// Keeps the generations up to date that are kept and were built by this version of a projection's code: as a ``Projector`` does with the live
/// one, each with a lease of its own.
struct KeptGenerations: Sendable {
    let generations: Generations
    /// A turn of duty for one of them, if it is still to be followed.
    let follow: @Sendable (Generation, _ ifStill: () async throws -> Bool) async throws -> Void
    let logger: Logger
    /// How long before it looks by itself for what is kept.
    let patience: Duration

    private var announcements: Announcements { generations.database.announcements }
    private var subject: Announcements.Subject { .switchOver(generations.name) }

    /// Works until it is stopped.
    func run() async {
        await persistently(logger) {
            let mark = announcements.mark(of: subject)
            let kept = try await find()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for generation in kept {
                    group.addTask {
                        await persistently(logger) {
                            try await follow(generation) { try await find().contains(generation) }
                        }
                    }
                }
                defer { group.cancelAll() }
                while !Task.isCancelled {
                    await announcements.wait(for: subject, at: mark + 1, atMost: patience)
                    if announcements.mark(of: subject) != mark { break }
                    guard try await find() == kept else { break }
                }
            }
        }
    }

    private func find() async throws -> [Generation] { try await generations.kept(ofVersion: generations.projection.version) }
}
