import Leftfold
import LeftfoldDriver

/// Finds out announcements that were lost without a sign: a server whose queue of notifications is half full announces no
/// moves, and a link may go silent. Looks at the checkpoints from time to time while answers are kept.
struct ReadModelWatch: Sendable {
    let progress: ReadModelProgress
    let pool: Pool
    let log: LogName
    /// Queries are answered from a replica, so that nobody else learns how far the primary is.
    let teaches: Bool

    private static let interval = Duration.seconds(1)
    /// Without a look for so long, nothing is known any more.
    private static let patience = Duration.seconds(4)

    func run() async {
        var looked = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            guard progress.hasDependents || teaches else {
                looked = .now
                continue
            }
            do {
                let start = progress.start()
                let rows = try await pool.execute(Checkpoints(in: log).statement, timeout: .seconds(2))
                let sightings = try Checkpoints.sightings(rows)
                if teaches { _ = progress.learn(sightings, since: start) }
                progress.compare(sightings, since: start)
                looked = .now
            } catch {
                if looked.duration(to: .now) > Self.patience { progress.lost() }
            }
        }
    }
}
