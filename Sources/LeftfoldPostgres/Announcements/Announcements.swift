import Foundation
public import Leftfold
package import LeftfoldDriver
import Synchronization

/// What was announced of one log: how far it and its followers are. A hint that shortens waiting, never the data, and never
/// the only way to notice: everyone who waits here also looks for himself from time to time.
public final class Announcements: Sendable {
    /// What can be waited for. Each has a mark that only grows.
    package enum Subject: Hashable, Sendable {
        /// The head of the log.
        case log
        /// The position of a follower.
        case checkpoint(FollowerName)
        /// How often its lease was let go, or it was told to try again.
        case nudge(FollowerName)
        /// How often a projection got another live generation.
        case switchOver(ProjectionName)
    }

    private struct Waiter {
        let subject: Subject
        let mark: Int64
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var marks: [Subject: Int64] = [:]
        var waiters: [UUID: Waiter] = [:]
    }

    /// What the announcements say of the read models.
    package let progress = ReadModelProgress()
    private let events: String
    private let checkpoints: String
    private let state = Mutex(State())

    package init(_ log: LogName) { (events, checkpoints) = ("\(log)_events", Self.checkpoints(of: log)) }

    /// Where followers announce their affairs.
    static func checkpoints(of log: LogName) -> String { "\(log)_checkpoints" }

    var channels: [String] { [events, checkpoints] }

    /// Takes what the listener reports. After a loss of connection everything is possible: all who wait look again.
    package func receive(_ event: Listener.Event) {
        switch event {
        case .listening:
            progress.beganListening()
            wakeEverybody()
        case .disconnected: progress.stoppedListening()
        case .notification(events, let payload): if let head = Int64(payload) { raise(.log, to: head) }
        case .notification(_, let payload): receive(payload)
        }
    }

    /// `follower from to touched`, without the last if it touched nothing; or `released follower`, `retry follower`, `restated follower`,
    /// `switched projection`.
    private func receive(_ payload: String) {
        let words = payload.split(separator: " ")
        guard let first = words.first.map(String.init) else { return }
        switch words.count {
        case 2:
            let name = String(words[1])
            switch first {
            case "released", "retry": if let follower = FollowerName(rawValue: name) { raise(.nudge(follower)) }
            // What stands at positions that were told before is not what stood there then.
            case "restated": progress.lost()
            case "switched":
                guard let projection = ProjectionName(rawValue: name) else { return }
                progress.lost(projection)
                raise(.switchOver(projection))
            default: progress.lost()
            }
        case 3, 4:
            guard let follower = FollowerName(rawValue: first), let from = Int64(words[1]), let to = Int64(words[2]),
                let touched = words.count == 3 ? .nothing : Dependencies(announced: words[3])
            else { return progress.lost() }
            progress.advanced(follower, from: GlobalPosition(rawValue: from), to: GlobalPosition(rawValue: to), touching: touched)
            raise(.checkpoint(follower), to: to)
        // Somebody else speaks on this channel.
        default: progress.lost()
        }
    }

    /// Returns when the log was announced to go on after the position, or after the time: in any case, look.
    public func waitForLog(after position: GlobalPosition, atMost limit: Duration) async {
        await wait(for: .log, at: position.next.rawValue, atMost: limit)
    }

    /// The mark of the subject; 0 when nothing was announced since the listener connected.
    package func mark(of subject: Subject) -> Int64 { state.withLock { $0.marks[subject] ?? 0 } }

    /// Returns when the subject's mark is at or beyond this one, when something makes looking worthwhile, or after the time:
    /// in any case, look.
    package func wait(for subject: Subject, at mark: Int64, atMost limit: Duration) async {
        let id = UUID.ordered()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.park(id, subject, mark) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            wake(id)
            group.cancelAll()
        }
    }

    private func park(_ id: UUID, _ subject: Subject, _ mark: Int64) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let already = state.withLock { state in
                    if Task.isCancelled || state.marks[subject].map({ $0 >= mark }) == true { return true }
                    state.waiters[id] = Waiter(subject: subject, mark: mark, continuation: continuation)
                    return false
                }
                if already { continuation.resume() }
            }
        } onCancel: {
            wake(id)
        }
    }

    private func wake(_ id: UUID) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
    }

    /// The log has another history: what was announced says nothing of it.
    func forget() {
        progress.lost()
        wakeEverybody()
    }

    private func wakeEverybody() {
        let woken = state.withLock { state in
            // What was announced before is forgotten too: the database may have been restored to an earlier state.
            defer { state = State() }
            return state.waiters
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }

    /// To this mark, or by one.
    private func raise(_ subject: Subject, to mark: Int64? = nil) {
        let woken = state.withLock { state in
            let before = state.marks[subject] ?? 0
            let now = max(before, mark ?? before + 1)
            state.marks[subject] = now
            let woken = state.waiters.filter { $0.value.subject == subject && $0.value.mark <= now }
            for id in woken.keys { state.waiters[id] = nil }
            return woken
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }
}
