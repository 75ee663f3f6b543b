/// One measurement: a rate, a time or a size, and how long single requests took, in milliseconds.
struct Figure: Sendable {
    let value: Double
    var p50: Double?
    var p99: Double?

    init(_ value: Double) { self.value = value }

    /// Requests per second.
    init(rate: Double, latencies: [Duration]) {
        let latencies = Latencies(latencies)
        value = rate
        (p50, p99) = (latencies.p50, latencies.p99)
    }

    /// Only how long they took: the value is the median, in milliseconds.
    init(latencies: [Duration]) {
        let latencies = Latencies(latencies)
        value = latencies.p50 ?? .nan
        (p50, p99) = (latencies.p50, latencies.p99)
    }

    /// The median time instead of the rate.
    var median: Figure {
        var figure = Figure(p50 ?? .nan)
        (figure.p50, figure.p99) = (p50, p99)
        return figure
    }
}

/// Sorted once, asked twice.
private struct Latencies {
    private let sorted: [Duration]

    init(_ latencies: [Duration]) { sorted = latencies.sorted() }

    var p50: Double? { quantile(0.5) }
    var p99: Double? { quantile(0.99) }

    private func quantile(_ share: Double) -> Double? {
        sorted.isEmpty ? nil : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)].milliseconds
    }
}

extension Duration {
    var milliseconds: Double { self / .milliseconds(1) }
    var seconds: Double { self / .seconds(1) }
}
