import NIOCore

/// One timer for a connection's many short deadlines. Moving a deadline later costs nothing: the timer looks again when it fires.
struct Alarm {
    private final class State {
        var deadline: NIODeadline?
        var timer: Scheduled<Void>?
        var firesAt = NIODeadline.distantFuture
    }

    private let state = State()

    var isSet: Bool { state.deadline != nil }

    func set(_ deadline: NIODeadline, on loop: any EventLoop, _ action: @escaping () -> Void) {
        state.deadline = deadline
        if state.timer == nil || deadline < state.firesAt { schedule(loop, action) }
    }

    func unset() { state.deadline = nil }

    func cancel() {
        state.deadline = nil
        state.timer?.cancel()
        state.timer = nil
    }

    private func schedule(_ loop: any EventLoop, _ action: @escaping () -> Void) {
        guard let deadline = state.deadline else { return }
        state.timer?.cancel()
        state.firesAt = deadline
        state.timer = loop.assumeIsolated().scheduleTask(deadline: deadline) {
            state.timer = nil
            guard let deadline = state.deadline else { return }
            if deadline > .now() { return schedule(loop, action) }
            state.deadline = nil
            action()
        }
    }
}
