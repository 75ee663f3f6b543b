import LeftfoldService

/// Rows under a header, for people. Pure.
struct Table {
    let header: [String]
    let rows: [[String]]

    /// Narrower than this, a column says nothing.
    private static let narrowest = 4
    private static let gap = "  "

    init(_ header: [String], _ rows: [[String]]) {
        (self.header, self.rows) = (header, rows.map { $0.map(\.escapingControls) })
    }

    /// - Parameter columns: the width of the terminal, into which it is made to fit by cutting the widest cells; nil to cut nothing.
    func lines(columns: Int?) -> [String] {
        let all = [header] + rows
        let widths = widths(all, columns)
        return all.map { row in
            let cells = zip(row, widths).map { cell, width in
                let text = cell.cut(toColumns: width)
                return text + String(repeating: " ", count: width - text.columns)
            }
            var line = cells.joined(separator: Self.gap)
            while line.last == " " { line.removeLast() }
            return columns.map { line.cut(toColumns: $0) } ?? line
        }
    }

    private func widths(_ all: [[String]], _ columns: Int?) -> [Int] {
        var widths = header.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
        guard let columns else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - columns
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > Self.narrowest {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
