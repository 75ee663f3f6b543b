import Leftfold
import LeftfoldDriver
import Logging
import Synchronization

/// Asks each server that a connection is made to which epoch of the log it is in, so that nothing of another history is believed.
final class EpochWatch: Sendable {
    /// What to do about what was remembered, and about connections that were opened before.
    typealias Consequences = @Sendable (_ openedBefore: ContinuousClock.Instant) async -> Void

    let history = LogHistory()
    private let log: LogName
    private let logger: Logger
    private let consequences = Mutex<Consequences>({ _ in })
    private let lastLook = Mutex<ContinuousClock.Instant?>(nil)

    init(_ log: LogName, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    func onEntry(_ consequences: @escaping Consequences) { self.consequences.withLock { $0 = consequences } }

    /// To be called with each new connection to a primary.
    ///
    /// - Throws: where it is to a server that was left behind, and what connections throw.
    func enter(on connection: Connection) async throws(PostgresError) {
        do throws(PostgresError) {
            try await enter(try await connection.execute(question, timeout: .seconds(5)), connection.openedAt)
        } catch {
            guard Self.cannotBeAsked(error) else { throw error }
        }
    }

    /// Not migrated, and whoever asks for what is missing is told. Or the role may not ask: appends say themselves what they were decided in.
    private static func cannotBeAsked(_ error: PostgresError) -> Bool {
        [.undefinedTable, .undefinedFunction, .invalidSchemaName, .insufficientPrivilege].contains(error.sqlState)
    }

    /// Asks again, at most once a second unless somebody knows that it is needed.
    func look(through pool: Pool, isNeeded: Bool) async {
        let isDue = lastLook.withLock { last in
            if !isNeeded, let last, last.duration(to: .now) < .seconds(1) { return false }
            last = .now
            return true
        }
        guard isDue else { return }
        do throws(PostgresError) {
            let asked = ContinuousClock.now
            try await enter(try await pool.execute(question, timeout: .seconds(5)), asked)
        } catch {
            guard !Self.cannotBeAsked(error) else { return }
            logger.warning("the epoch of the log is not known", metadata: ["error": "\(error)"])
        }
    }

    private var question: SQL {
        "SELECT tag, ended_after, reason FROM \(log).enter_epoch(\(history.epoch.rawValue), \(history.head.rawValue))"
    }

    private func enter(_ rows: Rows, _ asked: ContinuousClock.Instant) async throws(PostgresError) {
        let (current, ended, reason) = try epochs(rows)
        switch history.enter(current, ended: ended) {
        case .same: return
        case .leftBehind:
            throw PostgresError(.connectionFailed, "the server is in epoch \(current) of the log, which has ended elsewhere")
        case .entered(let before, let kept, let head):
            let lost = max(0, head.rawValue - kept.rawValue)
            logger.log(
                level: lost > 0 ? .critical : .notice,
                lost > 0 ? "the log has lost events that were stored" : "the log goes on in another epoch",
                metadata: [
                    "epoch": "\(current)", "epoch_before": "\(before)", "reason": "\(reason)", "kept_up_to": "\(kept)",
                    "seen_up_to": "\(head)", "lost": "\(lost)",
                ])
            await consequences.withLock(\.self)(asked)
        }
    }

    private func epochs(_ rows: Rows) throws(PostgresError) -> (LogEpoch, ended: [LogEpoch: GlobalPosition], reason: String) {
        var (current, ended, reason): (LogEpoch?, [LogEpoch: GlobalPosition], String) = (nil, [:], "")
        do {
            for row in rows {
                let (tag, endedAfter, why) = try row.decode(Int32.self, GlobalPosition?.self, String.self)
                guard let epoch = LogEpoch(rawValue: tag) else { continue }
                if let endedAfter { ended[epoch] = endedAfter } else { (current, reason) = (epoch, why) }
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(.decoding, "\(error)")
        }
        // A standby that has not heard of one.
        return (current ?? .first, ended, reason)
    }
}
