import Leftfold

/// Cuts lines into batches: the longest run of lines for different streams. Pure.
struct Batch {
    static func length(of lines: some Collection<ImportLine>, atMost limit: Int, isStrict: Bool = false) -> Int {
        var streams: Set<StreamName> = []
        var length = 0
        for line in lines.prefix(limit) {
            if let named = line.streams {
                // What is decided on a query may depend on any line before it.
                if named.isEmpty { return max(length, 1) }
                guard streams.isDisjoint(with: named) else { return length }
                streams.formUnion(named)
            } else if isStrict {
                // It will be refused, and nothing after it may be started.
                return length + 1
            }
            length += 1
        }
        return length
    }
}
