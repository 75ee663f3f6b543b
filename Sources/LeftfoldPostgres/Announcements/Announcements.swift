import Foundation
public import Leftfold
public import LeftfoldDriver
import Synchronization

/// What was announced: how far the log and the projections are. A hint that shortens waiting, never the data, and never
/// the only way to notice: everyone who waits here also looks for himself from time to time.
public final class Announcements: Sendable {
    static let channels = ["leftfold_events", "leftfold_checkpoints"]

    /// What can be waited for.
    enum Subject: Hashable {
        case log
        case projection(ProjectionName)
    }

    private struct Waiter {
        let subject: Subject
        let position: GlobalPosition
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var reached: [Subject: GlobalPosition] = [:]
        var waiters: [UUID: Waiter] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Takes what the listener reports. After a loss of connection everything is possible: all who wait look again.
    public func receive(_ event: Listener.Event) {
        switch event {
        case .listening: wakeEverybody()
        case .disconnected: break
        case .notification("leftfold_events", let payload):
            if let position = Int64(payload) { reached(.log, GlobalPosition(rawValue: position)) }
        case .notification(_, let payload):
            let words = payload.split(separator: " ")
            if words.count == 2, let name = ProjectionName(String(words[0])), let position = Int64(words[1]) {
                reached(.projection(name), GlobalPosition(rawValue: position))
            }
        }
    }

    /// Returns when the log was announced to go on after the position, or after the time: in any case, look.
    public func waitForLog(after position: GlobalPosition, atMost limit: Duration) async {
        await wait(for: .log, at: position.next, atMost: limit)
    }

    /// The furthest position announced since the listener connected.
    func reached(_ subject: Subject) -> GlobalPosition? { state.withLock { $0.reached[subject] } }

    /// Returns when the subject is announced at or beyond the position, when something makes looking worthwhile, or
    /// after the time: in any case, look.
    func wait(for subject: Subject, at position: GlobalPosition, atMost limit: Duration) async {
        let id = UUID()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.park(id, subject, position) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            wake(id)
            group.cancelAll()
        }
    }

    private func park(_ id: UUID, _ subject: Subject, _ position: GlobalPosition) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let already = state.withLock { state in
                    if Task.isCancelled || state.reached[subject].map({ $0 >= position }) == true { return true }
                    state.waiters[id] = Waiter(subject: subject, position: position, continuation: continuation)
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

    private func wakeEverybody() {
        let woken = state.withLock { state in
            // What was announced before is forgotten too: the database may have been restored to an earlier state.
            defer { state = State() }
            return state.waiters
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }

    private func reached(_ subject: Subject, _ position: GlobalPosition) {
        let woken = state.withLock { state in
            state.reached[subject] = max(state.reached[subject] ?? .zero, position)
            let woken = state.waiters.filter { $0.value.subject == subject && $0.value.position <= position }
            for id in woken.keys { state.waiters[id] = nil }
            return woken
        }
        for waiter in woken.values { waiter.continuation.resume() }
    }
}
