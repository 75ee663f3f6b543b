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
    private let state = Mutex(State())

    private struct State {
        var consequences: Consequences = { _ in }
        /// When the last look began that was answered, and the last of all.
        var answered: ContinuousClock.Instant?
        var tried: ContinuousClock.Instant?
        var isLooking = false
        var hasWarned = false
    }

    init(_ log: LogName, logger: Logger) {
        self.log = log
        self.logger = logger
    }

    func onEntry(_ consequences: @escaping Consequences) { state.withLock { $0.consequences = consequences } }

    /// To be called with each new connection to a primary.
    ///
    /// - Throws: where it is to a server that was left behind, and where it does not answer. Nothing of a caller's was sent.
    func enter(on connection: Connection) async throws(PostgresError) {
        do throws(PostgresError) {
            try await enter(try await connection.execute(question, timeout: .seconds(5)))
        } catch {
            if cannotBeAsked(error) { return }
            throw PostgresError(
                error.kind == .cancelled ? .cancelled : .connectionFailed, "the epoch of the log is not known: \(error)",
                sqlState: error.sqlState)
        }
    }

    /// Not migrated, and whoever asks for what is missing is told. Or the role may not ask; then nothing names an epoch.
    private func cannotBeAsked(_ error: PostgresError) -> Bool {
        guard [.undefinedTable, .undefinedFunction, .invalidSchemaName, .insufficientPrivilege].contains(error.sqlState) else {
            return false
        }
        let isFirst = state.withLock { state in
            defer { state.hasWarned = true }
            return !state.hasWarned
        }
        if isFirst, error.sqlState == .insufficientPrivilege {
            logger.warning("the role may not ask for the epoch of the log: a failover is not noticed", metadata: ["error": "\(error)"])
        }
        return true
    }

    /// Asks now and then: behind a pooler, and where an operator begins an epoch, no new connection tells. Until it is cancelled.
    func run(through pool: Pool) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(2))
            if !Task.isCancelled { _ = await look(through: pool) }
        }
    }

    /// Asks again. Who comes while somebody asks shares the next look; there is one a second at most.
    ///
    /// - Returns: whether the log was asked after this was called.
    func look(through pool: Pool) async -> Bool {
        let wanted = ContinuousClock.now
        while wanted.duration(to: .now) < .seconds(5), !Task.isCancelled {
            enum Turn { case done, mine, later }
            let turn: Turn = state.withLock { state in
                if let answered = state.answered, answered >= wanted { return .done }
                if state.isLooking || state.tried.map({ $0.duration(to: .now) < .seconds(1) }) == true { return .later }
                (state.isLooking, state.tried) = (true, .now)
                return .mine
            }
            switch turn {
            case .done: return true
            case .later: try? await Task.sleep(for: .milliseconds(20))
            case .mine:
                let began = ContinuousClock.now
                let isAnswered = await lookNow(through: pool)
                state.withLock { state in
                    state.isLooking = false
                    if isAnswered { state.answered = began }
                }
                return isAnswered
            }
        }
        return false
    }

    private func lookNow(through pool: Pool) async -> Bool {
        do throws(PostgresError) {
            try await enter(try await pool.execute(question, timeout: .seconds(5)))
            return true
        } catch {
            if !cannotBeAsked(error) { logger.debug("the epoch of the log is not known", metadata: ["error": "\(error)"]) }
            return false
        }
    }

    private var question: SQL {
        "SELECT tag, ended_after, reason FROM \(log).enter_epoch(\(history.epoch.rawValue), \(history.head.rawValue))"
    }

    private func enter(_ rows: Rows) async throws(PostgresError) {
        let (current, ended, reason) = try epochs(rows)
        switch history.enter(current, ended: ended) {
        case .same: return
        case .leftBehind:
            await state.withLock(\.consequences)(.now)
            throw PostgresError(
                .connectionFailed,
                "the server is in epoch \(current) of the log, which has ended elsewhere; if it is to be the one, begin_epoch says so")
        case .entered(let before, let kept, let head):
            await state.withLock(\.consequences)(.now)
            tell(current, before, kept, head, reason)
        }
    }

    private func tell(_ current: LogEpoch, _ before: LogEpoch, _ kept: GlobalPosition?, _ head: GlobalPosition, _ reason: String) {
        let lost = kept.map { max(0, head.rawValue - $0.rawValue) }
        logger.log(
            level: lost == 0 ? .notice : .critical,
            lost == 0 ? "the log goes on in another epoch" : "the log has lost events that were stored",
            metadata: [
                "epoch": "\(current)", "epoch_before": "\(before)", "reason": "\(reason)",
                "kept_up_to": "\(kept.map(\.description) ?? "unknown")", "seen_up_to": "\(head)",
                "lost": "\(lost.map(String.init) ?? "unknown")",
            ])
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
