extension Report {
    /// For people.
    var table: String {
        let header = ["", "measured", "unit", "p50 ms", "p99 ms", "floor", "", "p50 ms", "p99 ms", "ratio", "wanted", ""]
        var lines = [""]
        let widths = Self.widths([header] + measurements.map(\.cells))
        lines.append(Self.line(header, widths))
        var suite = ""
        for measurement in measurements {
            if measurement.suite != suite {
                suite = measurement.suite
                lines.append(suite)
            }
            lines.append(Self.line(measurement.cells, widths))
        }
        let missed = measurements.count { $0.met == false }
        let judged = measurements.count { $0.met != nil }
        lines.append("\n\(judged - missed) of \(judged) wanted ratios reached. Only ratios carry over to another machine.")
        return lines.joined(separator: "\n")
    }

    private static func widths(_ rows: [[String]]) -> [Int] {
        (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    }

    /// Texts to the left, numbers to the right.
    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells, widths).enumerated().map { column, cell in
            let space = String(repeating: " ", count: cell.1 - cell.0.count)
            return [0, 2, 5, 11].contains(column) ? cell.0 + space : space + cell.0
        }.joined(separator: "  ")
    }
}

extension Report.Measurement {
    fileprivate var cells: [String] {
        [
            "  \(name)", measured.value.short, unit, measured.p50?.short ?? "", measured.p99?.short ?? "", floorName,
            floor.value.short, floor.p50?.short ?? "", floor.p99?.short ?? "", ratio.fixed(2), wanted, verdict,
        ]
    }

    private var wanted: String {
        if let wantedAtLeast { return "≥ \(wantedAtLeast.fixed(2))" }
        return wantedAtMost.map { "≤ \($0.fixed(2))" } ?? ""
    }

    private var verdict: String { met.map { $0 ? "yes" : "no" } ?? "" }
}
