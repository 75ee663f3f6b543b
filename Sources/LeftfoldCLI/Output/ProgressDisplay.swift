import LeftfoldService
import Synchronization

/// Shows how far long work has got: a bar on a terminal, a plain line every other second elsewhere.
final class ProgressDisplay: Sendable {
    private let line: ProgressLine
    private let isTerminal: Bool
    private let now: @Sendable () -> Duration
    private let write: @Sendable (String) -> Void
    private let state: Mutex<State>

    private struct State {
        var amount = ProgressAmount()
        var began: Duration
        var shownAt: Duration?
        /// Whether the bar is on the screen's last line.
        var isShown = false
    }

    private static let pauseOnTerminal = Duration.milliseconds(100)
    private static let pauseElsewhere = Duration.seconds(2)

    /// - Parameters:
    ///   - title: what is going on, such as `importing`.
    ///   - unit: what is counted, such as `lines`.
    ///   - columns: the terminal's width; nil where there is no terminal.
    init(
        _ title: String, unit: String, columns: Int?, now: @escaping @Sendable () -> Duration,
        write: @escaping @Sendable (String) -> Void
    ) {
        line = ProgressLine(title: title, unit: unit, columns: columns)
        isTerminal = columns != nil
        self.now = now
        self.write = write
        state = Mutex(State(began: now()))
    }

    /// On standard error.
    ///
    /// - Parameter mayDrop: whether lines are rather dropped than waited for where nobody reads them.
    convenience init(_ title: String, unit: String, mayDrop: Bool = true) {
        self.init(title, unit: unit, columns: Terminal.columns(of: 2), now: { [start = ContinuousClock.now] in .now - start }) { text in
            if mayDrop { LogOutput.standardError.write(text) } else { LogOutput.standardError.deliver(text) }
        }
    }

    /// - Parameters:
    ///   - total: nil where it is not known.
    ///   - fraction: how much is done, where that is known better than from the total.
    func update(done: Int64, total: Int64? = nil, fraction: Double? = nil) {
        state.withLock { state in
            state.amount = ProgressAmount(done: done, total: total, fraction: fraction)
            let pause = isTerminal ? Self.pauseOnTerminal : Self.pauseElsewhere
            if let shownAt = state.shownAt, now() - shownAt < pause { return }
            show(&state)
        }
    }

    /// Writes a line of text without tearing the bar.
    func note(_ text: String) {
        state.withLock { state in
            write((state.isShown ? Self.clear : "") + text + "\n")
            if state.isShown { show(&state) }
        }
    }

    /// Shows the last state for good. Nothing is shown where nothing was ever told.
    func finish() {
        state.withLock { state in
            guard state.shownAt != nil else { return }
            show(&state)
            if isTerminal { write("\n") }
            state.isShown = false
            state.shownAt = nil
        }
    }

    private static let clear = "\r\u{1B}[K"

    private func show(_ state: inout State) {
        let moment = now()
        let text = line.text(state.amount, after: moment - state.began)
        write(isTerminal ? Self.clear + text : text + "\n")
        state.shownAt = moment
        state.isShown = isTerminal
    }
}
