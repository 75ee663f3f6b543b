import Logging
import Synchronization

/// A value that is read from a file, and read anew when the file has changed: keys can be exchanged without a restart.
///
/// The file is looked at when the value is asked for, at most once in an interval. A new content that cannot be used leaves the
/// value as it is, with one line in the log.
final class Reloaded<Value: Sendable>: Sendable {
    struct Reading: Sendable {
        let value: Value
        /// Grows with each new value: what was found out with an older one is void.
        let generation: Int
    }

    private struct State {
        var reading: Reading
        var stamp: FileStamp?
        var lookedAt = ContinuousClock.now
        var isLooking = false
    }

    private let path: String?
    private let interval: Duration
    private let logger: Logger
    private let read: @Sendable (SecretFile.Content) async throws -> Value
    private let state: Mutex<State>

    /// A value that stays.
    init(_ value: Value) {
        path = nil
        interval = .zero
        logger = Logger(label: "reloaded", factory: { _ in SwiftLogNoOpLogHandler() })
        read = { _ in value }
        state = Mutex(State(reading: Reading(value: value, generation: 0)))
    }

    /// Throws what `read` throws, or ``SecretFile/Problem``.
    init(
        file path: String, interval: Duration = .seconds(1), logger: Logger,
        read: @escaping @Sendable (SecretFile.Content) async throws -> Value
    ) async throws {
        self.path = path
        self.interval = interval
        self.logger = logger
        self.read = read
        let content = try SecretFile.look(path)
        state = Mutex(State(reading: Reading(value: try await read(content), generation: 0), stamp: content.stamp))
    }

    /// The value, if it need not be looked for: nil once in an interval.
    var fresh: Reading? {
        state.withLock { state in path == nil || ContinuousClock.now - state.lookedAt < interval ? state.reading : nil }
    }

    /// The value, after a look at the file if the last one is an interval ago.
    ///
    /// - Parameter sooner: a tenth of the interval is enough, because something is missing from the value.
    func current(sooner: Bool = false) async -> Reading {
        guard let path else { return state.withLock { $0.reading } }
        let known: (stamp: FileStamp?, reading: Reading)? = state.withLock { state in
            guard !state.isLooking, ContinuousClock.now - state.lookedAt >= (sooner ? interval / 10 : interval) else { return nil }
            state.isLooking = true
            return (state.stamp, state.reading)
        }
        guard let known else { return state.withLock { $0.reading } }
        var (stamp, reading) = (FileStamp(path: path), known.reading)
        if stamp != known.stamp {
            do {
                let content = try SecretFile.look(path)
                stamp = content.stamp
                reading = Reading(value: try await read(content), generation: known.reading.generation + 1)
                logger.notice("\(path) has changed and was read again")
            } catch {
                logger.error("\(path) has changed and cannot be used; what it held before stays in force", metadata: ["error": "\(error)"])
            }
        }
        state.withLock { state in
            state = State(reading: reading, stamp: stamp)
        }
        return reading
    }
}
