import Synchronization

/// An answer that is kept: as a value, and as the bytes that are sent.
///
/// It can be asked at any time, without waiting, whether it is still true.
package final class CachedAnswer<Value: Sendable>: Sendable {
    package let value: Value
    package let json: [UInt8]
    private let reads: [ProjectionName]
    private let dependencies: Dependencies
    private let expires: ContinuousClock.Instant
    private let progress: ReadModelProgress

    /// When it was last found to be true.
    private struct Truth: Sendable {
        var change: Int
        var marks: [ReadModelMark]
        var position: GlobalPosition
    }

    private let truth: Mutex<Truth>
    private let attached = Mutex<(any AnyObject & Sendable)?>(nil)

    /// Nil if it is no longer true.
    package init?(
        _ value: Value, json: [UInt8], at marks: [ReadModelMark], of reads: [ProjectionName], dependencies: Dependencies,
        expires: ContinuousClock.Instant, _ progress: ReadModelProgress
    ) {
        let change = progress.change
        guard case .fresh(let renewed) = progress.freshness(of: marks, reads, dependencies) else { return nil }
        (self.value, self.json, self.reads, self.dependencies, self.expires) = (value, json, reads, dependencies, expires)
        self.progress = progress
        truth = Mutex(Truth(change: change, marks: renewed, position: renewed.position))
    }

    /// What those who send it make of it, made once and kept with it. One kind of thing: all who ask must ask for the same type.
    package func attachment<T: AnyObject & Sendable>(_ make: () -> T) -> T {
        attached.withLock { attached in
            if let known = attached as? T { return known }
            let made = make()
            attached = made
            return made
        }
    }

    /// What it rests on.
    package var basis: AnswerBasis { AnswerBasis(truth.withLock(\.marks), of: reads, dependencies, progress) }

    /// The position at which it is known to be true now; nil if it may be no longer, or is too old.
    package func position(at now: ContinuousClock.Instant) -> GlobalPosition? {
        guard now < expires else { return nil }
        let change = progress.change
        return truth.withLock { truth in
            if truth.change == change { return truth.position }
            guard case .fresh(let renewed) = progress.freshness(of: truth.marks, reads, dependencies) else { return nil }
            truth = Truth(change: change, marks: renewed, position: renewed.position)
            return truth.position
        }
    }
}
