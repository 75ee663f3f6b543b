import Foundation
import Leftfold
import LeftfoldDriver
import Logging
import Synchronization

/// Tells other processes what this one could work on, and hands over to them until all have about as much. Without it, whoever comes first
/// works on everything until it leaves.
final class WorkSharing: Sendable {
    /// Between two words of it.
    private static let pause: Duration = .seconds(2)
    /// How long others believe it; and how long whom something is handed to has to take it.
    private static let length: Duration = .seconds(5)

    /// Who we are in leases.
    let worker: String
    private let log: LogName
    private let pool: Pool
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        /// Followers that somebody here works on or stands by for, and how many do.
        var offered: [FollowerName: Int] = [:]
        /// Whether others believe that we are there.
        var isKnown = false
        var hasWarned = false
    }

    init(log: LogName, pool: Pool, logger: Logger) {
        let process = ProcessInfo.processInfo
        // Containers of one host's network have its name, and are all number 1.
        worker = "\(process.hostName):\(process.processIdentifier):\(String(UInt16.random(in: .min ... .max), radix: 16))"
        (self.log, self.pool, self.logger) = (log, pool, logger)
    }

    func offer(_ follower: FollowerName) { state.withLock { $0.offered[follower, default: 0] += 1 } }

    func withdraw(_ follower: FollowerName) {
        state.withLock { state in
            let rest = (state.offered[follower] ?? 0) - 1
            state.offered[follower] = rest > 0 ? rest : nil
        }
    }

    /// Until it is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
            if !Task.isCancelled { await share() }
        }
        // In a task of its own, awaited here: nobody is to hand anything to us any more.
        await Task { await leave() }.value
    }

    /// Hands over one after the other, until nobody has less.
    func share() async {
        let followers = state.withLock { $0.offered.keys.map(\.rawValue).sorted() }
        if followers.isEmpty { return await leave() }
        do {
            for _ in followers {
                let handed = try await say(followers)
                state.withLock { $0.isKnown = true }
                guard let handed else { break }
                logger.info("handed over to another process, which had less to do", metadata: ["follower": "\(handed)"])
            }
        } catch {
            warn(of: error)
        }
    }

    private func leave() async {
        guard state.withLock({ $0.isKnown }) else { return }
        do {
            _ = try await say([])
            state.withLock { $0.isKnown = false }
        } catch {
            warn(of: error)
        }
    }

    private func say(_ followers: [String]) async throws -> String? {
        let seconds = Self.length.seconds
        let rows = try await pool.execute(
            "SELECT \(log).share_work(\(worker), \(followers), make_interval(secs => \(seconds)))", timeout: Self.length)
        guard let row = rows.first else { return nil }
        return try row.decode(String?.self)
    }

    private func warn(of error: any Error) {
        let state = (error as? PostgresError)?.sqlState
        let isLasting = state == .insufficientPrivilege || state == .undefinedFunction
        let isFirst = self.state.withLock { known in
            defer { known.hasWarned = known.hasWarned || isLasting }
            return !known.hasWarned
        }
        guard isFirst else { return }
        logger.log(level: isLasting ? .warning : .debug, "does not share its work with other processes", metadata: ["error": "\(error)"])
    }
}
