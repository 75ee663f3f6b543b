/// What an answer rests on: while nothing of it changes, the answer is still true.
package struct AnswerBasis: Sendable {
    package let marks: [ReadModelMark]
    package let reads: [ProjectionName]
    package let dependencies: Dependencies
    package let progress: ReadModelProgress

    package init(_ marks: [ReadModelMark], of reads: [ProjectionName], _ dependencies: Dependencies, _ progress: ReadModelProgress) {
        (self.marks, self.reads, self.dependencies, self.progress) = (marks, reads, dependencies, progress)
    }

    /// Whether the answer is true as far as is known.
    package var isFresh: Bool {
        if case .fresh = progress.freshness(of: marks, reads, dependencies) { true } else { false }
    }

    /// Returns when the answer may no longer be true, or when the task is cancelled.
    package func change() async { await progress.waitUntilStale(marks, reads, dependencies) }
}
