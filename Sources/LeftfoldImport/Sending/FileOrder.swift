/// Puts what became of the lines back in the order of the file. Pure.
struct FileOrder<Value> {
    /// The first line that is not done.
    private(set) var first = 0
    private var done: [Int: Value] = [:]

    /// What can be told by now: up to the first line that is not done.
    mutating func finish(_ index: Int, _ value: Value) -> [Value] {
        done[index] = value
        var told: [Value] = []
        while let value = done.removeValue(forKey: first) {
            told.append(value)
            first += 1
        }
        return told
    }

    /// The rest, when no more lines will be done.
    mutating func finishAll() -> [Value] {
        defer { done = [:] }
        return done.sorted { $0.key < $1.key }.map(\.value)
    }
}
