import ArgumentParser
import UnixSignals

/// A signal asked the program to end before it was done.
struct Interrupted: Error {
    let signal: UnixSignal
    /// What the work that was cut off leaves behind.
    let leaving: String

    /// As shells have it: 130 for Ctrl-C.
    var status: ExitCode { ExitCode(128 + signal.rawValue) }
}

/// Runs work that Ctrl-C, SIGTERM or SIGHUP cancels, so that it can clean up behind itself. Throws ``Interrupted`` where it did not
/// come to an end for that reason.
///
/// - Parameter leaving: what it leaves behind then.
/// - Returns: what came of it, and the signal, if one came and the work ended well nevertheless.
func interruptible<T: Sendable>(
    leaving: String, _ body: @escaping @Sendable () async throws -> T
) async throws -> (value: T, signal: UnixSignal?) {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    return try await withThrowingTaskGroup(of: End<T>.self) { group in
        group.addTask { .done(try await body()) }
        group.addTask {
            for await signal in signals { return .signal(signal) }
            return .none
        }
        var signal: UnixSignal?
        do {
            while let end = try await group.next() {
                switch end {
                case .done(let value):
                    group.cancelAll()
                    return (value, signal)
                case .signal(let caught):
                    signal = caught
                    group.cancelAll()
                case .none: break
                }
            }
            throw CancellationError()
        } catch {
            guard let signal else { throw error }
            throw Interrupted(signal: signal, leaving: leaving)
        }
    }
}

private enum End<T: Sendable>: Sendable { case done(T), signal(UnixSignal), none }
