import Logging
import Synchronization

/// One line for each request that is turned away for who asks. A stranger must not fill the disk, so only so many a second are
/// written, and the next line says how many were left out; those of strangers do not use up those of principals.
final class DenialLog: Sendable {
    private let strangers = Allowance()
    private let principals = Allowance()

    /// - Parameter subject: who asks, if that is known.
    func note(_ code: String, subject: String?, route: String, correlationID: String, _ logger: Logger) {
        guard let leftOut = (subject == nil ? strangers : principals).take() else { return }
        var metadata: Logger.Metadata = ["code": "\(code)", "route": "\(route)", "correlation_id": "\(correlationID)"]
        if let subject { metadata["subject"] = "\(subject)" }
        if leftOut > 0 { metadata["left_out"] = "\(leftOut)" }
        if subject == nil {
            logger.notice("A login failed.", metadata: metadata)
        } else {
            logger.warning("A request was denied.", metadata: metadata)
        }
    }

    /// Twenty lines at once, ten a second.
    private final class Allowance: Sendable {
        private static let burst = 20.0
        private static let rate = 10.0

        private struct State {
            var lines = Allowance.burst
            var since = ContinuousClock.now
            var leftOut = 0
        }

        private let state = Mutex(State())

        /// How many were left out before this one; nil: this one is left out, too.
        func take() -> Int? {
            state.withLock { state in
                let now = ContinuousClock.now
                state.lines = min(Self.burst, state.lines + (now - state.since) / .seconds(1) * Self.rate)
                state.since = now
                guard state.lines >= 1 else {
                    state.leftOut += 1
                    return nil
                }
                state.lines -= 1
                defer { state.leftOut = 0 }
                return state.leftOut
            }
        }
    }
}
