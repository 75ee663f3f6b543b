/// What is compared with what.
struct Comparison: Hashable, Sendable {
    let suite: SuiteName
    let name: String
    let unit: Unit
    /// What the floor is.
    let floor: String
    /// The ratio to the floor that we want; nil where the figure only informs.
    var wanted: Wanted?

    enum Unit: String, Sendable {
        case perSecond = "1/s"
        case milliseconds = "ms"
        case microsecondsOfCPU = "µs CPU"
        case megabytes = "MB"
    }

    enum Wanted: Hashable, Sendable {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by ratio: Double) -> Bool {
            switch self {
            case .atLeast(let bound): ratio >= bound
            case .atMost(let bound): ratio <= bound
            }
        }
    }
}

/// All comparisons in the order in which they were first made, with the figures of each round.
struct Scoreboard: Sendable {
    struct Round: Sendable {
        let measured: Figure
        let floor: Figure
        var ratio: Double { measured.value / floor.value }
    }

    private(set) var comparisons: [Comparison] = []
    private(set) var rounds: [Comparison: [Round]] = [:]

    mutating func record(_ comparison: Comparison, _ measured: Figure, against floor: Figure) {
        if rounds[comparison] == nil { comparisons.append(comparison) }
        let round = Round(measured: measured, floor: floor)
        rounds[comparison, default: []].append(round)
        Console.note(
            "  \(comparison.name): \(measured.value.short) \(comparison.unit.rawValue), \(round.ratio.fixed(2)) of \(comparison.floor)")
    }
}
