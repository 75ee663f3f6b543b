import Synchronization

/// Lines of those who want the same thing done. Who finds nobody at work leads: it works at once, for itself and for as
/// many of those that wait as it takes along, and passes the lead on. No timer, no task of its own, and a lone caller
/// pays for no hand-over.
package final class Batcher<Key: Hashable & Sendable, Item: Sendable, Answer: Sendable>: Sendable {
    /// A key is there while somebody leads its line; the array holds those who wait.
    private let lines = Mutex<[Key: [Waiting]]>([:])
    private let capacity: Int

    /// Somebody in a line.
    package struct Waiting: Sendable {
        package let item: Item
        fileprivate let continuation: CheckedContinuation<Turn, Never>

        package func answer(_ answer: Result<Answer, any Error>) { continuation.resume(returning: .answered(answer)) }
    }

    package enum Turn: Sendable {
        /// It is yours, until you pass it on.
        case lead
        /// Somebody else led and did it for you, too.
        case answered(Result<Answer, any Error>)
    }

    /// - Parameter capacity: how many may wait in a line; one more is turned away.
    package init(capacity: Int = .max) { self.capacity = capacity }

    /// Answered ``Unavailable`` where the line is full.
    package func join(_ key: Key, _ item: Item) async -> Turn {
        if lines.withLock({ Self.isFree(key, &$0) }) { return .lead }
        return await withCheckedContinuation { continuation in
            let now: Turn? = lines.withLock { lines in
                if Self.isFree(key, &lines) { return .lead }
                guard lines[key, default: []].count < capacity else {
                    return .answered(.failure(Unavailable("Too many commands are waiting to be stored.")))
                }
                lines[key, default: []].append(Waiting(item: item, continuation: continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    private static func isFree(_ key: Key, _ lines: inout [Key: [Waiting]]) -> Bool {
        if lines[key] != nil { return false }
        lines[key] = []
        return true
    }

    package func waiting(for key: Key) -> Int { lines.withLock { $0[key]?.count ?? 0 } }

    /// The first of those that wait, for whoever leads: to be answered, or to be put back when the lead is passed on.
    ///
    /// - Parameter count: is told who waits, and says how many of them to take.
    package func take(from key: Key, count: ([Waiting]) -> Int) -> [Waiting] {
        lines.withLock { lines in
            guard let line = lines[key], !line.isEmpty else { return [] }
            let taken = min(max(count(line), 0), line.count)
            lines[key]?.removeFirst(taken)
            return Array(line.prefix(taken))
        }
    }

    package func pass(_ key: Key, puttingBack left: [Waiting] = []) {
        let heir: Waiting? = lines.withLock { lines in
            if !left.isEmpty { lines[key, default: []].insert(contentsOf: left, at: 0) }
            guard let line = lines[key], !line.isEmpty else {
                lines[key] = nil
                return nil
            }
            return lines[key]?.removeFirst()
        }
        heir?.continuation.resume(returning: .lead)
    }
}
