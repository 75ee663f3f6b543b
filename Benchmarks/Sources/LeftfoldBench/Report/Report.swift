import Foundation

/// The medians of all rounds.
struct Report: Encodable {
    let plan: Plan
    let measurements: [Measurement]

    struct Measurement: Encodable {
        var suite: String
        var name: String
        var unit: String
        var measured: Value
        var floor: Value
        var floorName: String
        /// The median of the rounds' ratios: floor and measured of one round ran side by side.
        var ratio: Double
        var ratios: [Double]
        var wantedAtLeast: Double?
        var wantedAtMost: Double?
        var met: Bool?

        enum CodingKeys: String, CodingKey {
            case suite, name, unit, measured, floor, ratio, ratios, met
            case floorName = "floor_name"
            case wantedAtLeast = "wanted_at_least"
            case wantedAtMost = "wanted_at_most"
        }
    }

    struct Value: Encodable {
        var value: Double
        var p50: Double?
        var p99: Double?

        enum CodingKeys: String, CodingKey {
            case value
            case p50 = "p50_ms"
            case p99 = "p99_ms"
        }

        init(_ figures: [Figure]) {
            value = figures.map(\.value).median
            let (halves, tails) = (figures.compactMap(\.p50), figures.compactMap(\.p99))
            p50 = halves.isEmpty ? nil : halves.median
            p99 = tails.isEmpty ? nil : tails.median
        }
    }

    init(_ scoreboard: Scoreboard, _ plan: Plan) {
        self.plan = plan
        measurements = scoreboard.comparisons.map { Measurement($0, scoreboard.rounds[$0] ?? []) }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

extension Report.Measurement {
    init(_ comparison: Comparison, _ rounds: [Scoreboard.Round]) {
        suite = comparison.suite.rawValue
        name = comparison.name
        unit = comparison.unit.rawValue
        measured = Report.Value(rounds.map(\.measured))
        floor = Report.Value(rounds.map(\.floor))
        floorName = comparison.floor
        ratios = rounds.map(\.ratio)
        ratio = ratios.median
        met = comparison.wanted?.isMet(by: ratio)
        switch comparison.wanted {
        case .atLeast(let bound): wantedAtLeast = bound
        case .atMost(let bound): wantedAtMost = bound
        case nil: break
        }
    }
}
