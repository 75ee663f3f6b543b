import Leftfold

/// What is wrong with the parameters of a list.
struct ListProblems {
    private static let maximumTextBytes = 200

    private var found: [ValidationError.Problem] = []

    mutating func check(_ field: String, _ value: Int?, in range: ClosedRange<Int>) {
        guard let value, !range.contains(value) else { return }
        add(field, "must be between \(range.lowerBound) and \(range.upperBound)")
    }

    mutating func check(_ field: String, _ value: String?, isOneOf words: [String]) {
        guard let value, !words.contains(where: { $0.utf8.elementsEqual(value.utf8) }) else { return }
        add(field, "must be \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")")
    }

    /// Text that people search for.
    mutating func check(_ field: String, text: String?) {
        guard let text, text.utf8.count > Self.maximumTextBytes || text.utf8.contains(0) else { return }
        add(field, "must be at most \(Self.maximumTextBytes) bytes of text")
    }

    mutating func add(_ field: String, _ problem: String) { found.append(.init(field: field, problem: problem)) }

    func throwIfAny() throws(ValidationError) {
        if !found.isEmpty { throw ValidationError(found) }
    }
}
