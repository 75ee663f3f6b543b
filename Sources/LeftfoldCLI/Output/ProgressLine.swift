import Foundation

/// How much of the work is done.
struct ProgressAmount: Sendable, Equatable {
    var done: Int64 = 0
    var total: Int64?
    var fraction: Double?

    /// Between 0 and 1; nil where it cannot be known.
    var part: Double? {
        let part = fraction ?? total.map { $0 > 0 ? Double(done) / Double($0) : 1 }
        return part.map { min(max($0, 0), 1) }
    }
}

/// One line about progress. Pure.
struct ProgressLine: Sendable {
    let title: String
    let unit: String
    /// Nil where there is no terminal, and so no bar.
    let columns: Int?

    func text(_ amount: ProgressAmount, after elapsed: Duration) -> String {
        let seconds = elapsed / .seconds(1)
        let rate = seconds > 0 ? Double(amount.done) / seconds : 0
        var facts: [String] = []
        if let part = amount.part { facts.append("\(Int(part * 100)) %") }
        facts.append(Self.text(amount.done) + (amount.total.map { " of \(Self.text($0))" } ?? "") + " \(unit)")
        facts.append("\(Self.text(rate))/s")
        if let part = amount.part, part < 1, part > 0, seconds >= 1 {
            facts.append("\(Self.text(.seconds(seconds / part * (1 - part)))) left")
        } else {
            facts.append(Self.text(elapsed))
        }
        let text = facts.joined(separator: ", ")
        guard let columns else { return "\(title): \(text)" }
        // The last column stays empty: some terminals break the line there.
        let room = columns - 1 - title.count - text.count - 4
        guard let part = amount.part, room >= 10 else { return String("\(title) \(text)".prefix(columns - 1)) }
        let width = min(room, 40)
        let full = Int(part * Double(width))
        let bar = String(repeating: "=", count: full) + String(repeating: " ", count: width - full)
        return "\(title) [\(bar)] \(text)"
    }

    /// `1,234,567`, the same in every locale.
    static func text(_ count: Int64) -> String {
        let digits = String(count.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (count < 0 ? "-" : "") + text
    }

    static func text(_ rate: Double) -> String {
        guard rate.isFinite, rate < 1e15 else { return "0" }
        if rate >= 10 || rate == 0 { return text(Int64(rate.rounded())) }
        let tenths = Int((rate * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// `0.4 s`, `42 s`, `3 min 05 s`, `2 h 07 min`.
    static func text(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        if tenths < 100 { return "\(tenths / 10).\(tenths % 10) s" }
        let seconds = Int((duration / .seconds(1)).rounded())
        if seconds < 60 { return "\(seconds) s" }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds < 3600 { return "\(seconds / 60) min \(two(seconds % 60)) s" }
        return "\(seconds / 3600) h \(two(seconds % 3600 / 60)) min"
    }
}
