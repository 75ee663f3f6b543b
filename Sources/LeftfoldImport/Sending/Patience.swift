import Leftfold
import Synchronization

/// Tries again, with the same command id, while the store is away or does not answer.
struct Patience: Sendable {
    let budget: Duration
    let time: Timepiece
    let stop: StopSign

    private static let longestPause = Duration.seconds(2)

    func keepTrying<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        let start = time.now()
        var pause = Duration.milliseconds(50)
        while true {
            do {
                return try await body()
            } catch let refusal as any Refusal where refusal is Unavailable || refusal is OutcomeUnknown {
                if stop.isRaised || time.now() - start + pause > budget { throw Exhausted(last: refusal) }
                // Half of it by chance, so that the lines in flight do not come back all at once.
                try await time.sleep(pause / 2 + pause / 2 * Double.random(in: 0...1))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// The store stayed away for too long.
    struct Exhausted: Error {
        let last: any Refusal
    }
}

/// Asks the import to end: nothing new is started.
final class StopSign: Sendable {
    private let raised = Atomic(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }
    func raise() { raised.store(true, ordering: .relaxed) }
}
