import CoreMetrics
import Synchronization

final class CountedInteger: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func write(to text: inout String, _ name: String, _ labels: Labels) {
        text += "\(name)\(labels.block()) \(value.load(ordering: .relaxed))\n"
    }
}

final class CountedNumber: Series, FloatingPointCounterHandler {
    private let value = Mutex<Double>(0)

    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func reset() { value.withLock { $0 = 0 } }

    func write(to text: inout String, _ name: String, _ labels: Labels) {
        text += "\(name)\(labels.block()) \(MetricNumber.text(value.withLock { $0 }))\n"
    }
}

final class Gauge: Series, MeterHandler, RecorderHandler {
    private let value = Mutex<Double>(0)

    func set(_ new: Int64) { set(Double(new)) }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(Double(new)) }
    func record(_ new: Double) { set(new) }

    func write(to text: inout String, _ name: String, _ labels: Labels) {
        text += "\(name)\(labels.block()) \(MetricNumber.text(value.withLock { $0 }))\n"
    }
}

final class Histogram: Series, TimerHandler, RecorderHandler {
    /// Seconds: from a cache hit to a patient wait.
    static let latencies = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Counts and bytes, by powers of four.
    static let sizes: [Double] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]

    private struct Contents {
        /// How many fell into each bucket, not counting the smaller ones; one more than bounds.
        var counts: [Int64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let contents: Mutex<Contents>

    init(bounds: [Double]) {
        self.bounds = bounds
        contents = Mutex(Contents(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        contents.withLock { contents in
            contents.counts[bucket] += 1
            contents.sum += value
        }
    }

    func write(to text: inout String, _ name: String, _ labels: Labels) {
        let contents = contents.withLock { $0 }
        var total: Int64 = 0
        for (bound, count) in zip(bounds + [.infinity], contents.counts) {
            total += count
            text += "\(name)_bucket\(labels.block(and: "le=\"\(MetricNumber.text(bound))\"")) \(total)\n"
        }
        text += "\(name)_sum\(labels.block()) \(MetricNumber.text(contents.sum))\n"
        text += "\(name)_count\(labels.block()) \(total)\n"
    }
}
