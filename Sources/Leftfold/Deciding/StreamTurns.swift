import Synchronization

/// Commands of this process for the same stream take turns, first come first served, so that a busy stream does not
/// conflict with itself. Whose turn it is may decide those that wait along with its own. It spares retries and round
/// trips; correctness rests on the store.
final class StreamTurns: Sendable {
    /// A stream is a key while somebody has its turn; the array holds those who wait.
    private let lines = Mutex<[StreamName: [Waiting]]>([:])

    struct Waiting: Sendable {
        let decision: any Deciding
        fileprivate let continuation: CheckedContinuation<Turn, Never>

        func answer(_ answer: Result<Receipt, any Error>) { continuation.resume(returning: .answered(answer)) }
    }

    enum Turn: Sendable {
        /// It is yours, until you pass it on.
        case yours
        /// Somebody else had it and decided this command, too.
        case answered(Result<Receipt, any Error>)
    }

    func take(_ stream: StreamName, _ decision: some Deciding) async -> Turn {
        if lines.withLock({ Self.isFree(stream, &$0) }) { return .yours }
        return await withCheckedContinuation { continuation in
            let freeByNow = lines.withLock { lines in
                if Self.isFree(stream, &lines) { return true }
                lines[stream]?.append(Waiting(decision: decision, continuation: continuation))
                return false
            }
            if freeByNow { continuation.resume(returning: .yours) }
        }
    }

    private static func isFree(_ stream: StreamName, _ lines: inout [StreamName: [Waiting]]) -> Bool {
        if lines[stream] != nil { return false }
        lines[stream] = []
        return true
    }

    func waiting(for stream: StreamName) -> Int { lines.withLock { $0[stream]?.count ?? 0 } }

    /// Those that wait, for whoever has the turn: to be answered, or to be put back when the turn is passed on.
    func followers(of stream: StreamName, atMost limit: Int) -> [Waiting] {
        lines.withLock { lines in
            guard let line = lines[stream], !line.isEmpty else { return [] }
            lines[stream]?.removeFirst(min(limit, line.count))
            return Array(line.prefix(limit))
        }
    }

    func pass(_ stream: StreamName, puttingBack followers: [Waiting]) {
        let heir: Waiting? = lines.withLock { lines in
            guard let line = lines[stream] else { return nil }
            let waiting = followers + line
            lines[stream] = waiting.isEmpty ? nil : Array(waiting.dropFirst())
            return waiting.first
        }
        heir?.continuation.resume(returning: .yours)
    }
}
