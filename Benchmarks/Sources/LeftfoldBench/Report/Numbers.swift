import Foundation

extension Double {
    func fixed(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }

    /// Three digits that matter, at least.
    var short: String { self >= 100 ? fixed(0) : self >= 10 ? fixed(1) : fixed(2) }
}

extension [Double] {
    /// The middle one, or the mean of the two in the middle; NaN of none.
    var median: Double {
        guard !isEmpty else { return .nan }
        let sorted = sorted()
        let middle = count / 2
        return count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
