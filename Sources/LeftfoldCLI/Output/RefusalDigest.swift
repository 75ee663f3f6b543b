import LeftfoldImport
import Synchronization

/// Tells the first refused lines of each code, and counts the others: a file may have thousands of them.
final class RefusalDigest: Sendable {
    /// So many of each code show what is wrong.
    static let usual = 3

    private let perCode: Int
    private let counts = Mutex<[String: Int]>([:])

    init(perCode: Int) { self.perCode = perCode }

    /// Nil where enough of its kind were told.
    func text(_ problem: LineProblem) -> String? {
        let count = counts.withLock { counts in
            counts[problem.code, default: 0] += 1
            return counts[problem.code] ?? 0
        }
        return count <= perCode ? problem.text : nil
    }

    /// What was counted only, the most frequent first.
    var rest: [String] {
        counts.withLock { $0 }.mapValues { $0 - perCode }.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\(ProgressLine.text(Int64($0.value))) more lines: \($0.key)" }
    }
}
