/// What one connection has prepared: a name for each text and its parameter types.
struct StatementCache {
    private final class Entry {
        let name: String
        let types: [UInt32]
        var lastUse: UInt64

        init(name: String, types: [UInt32], lastUse: UInt64) {
            (self.name, self.types, self.lastUse) = (name, types, lastUse)
        }
    }

    private var entries: [String: [Entry]] = [:]
    private var clock: UInt64 = 0
    private var names: UInt64 = 0
    private(set) var count = 0
    /// Names the server still knows and we do not use any more.
    private(set) var abandoned: [String] = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The name under which a statement is prepared.
    mutating func name(of sql: SQL) -> String? {
        clock &+= 1
        guard let entry = entries[sql.text]?.first(where: { matches($0.types, sql.parameters) }) else { return nil }
        entry.lastUse = clock
        return entry.name
    }

    private func matches(_ types: [UInt32], _ parameters: [Parameter]) -> Bool {
        guard types.count == parameters.count else { return false }
        for index in types.indices where types[index] != parameters[index].oid { return false }
        return true
    }

    /// A name no statement of this connection has had.
    mutating func newName() -> String {
        names &+= 1
        return "lf\(names)"
    }

    /// Notes that the server has prepared a statement.
    mutating func insert(_ sql: SQL, name: String) {
        entries[sql.text, default: []].append(Entry(name: name, types: sql.parameters.map(\.oid), lastUse: clock))
        count += 1
    }

    /// Forgets a statement that must be prepared anew. `onServer` tells whether the server may still know it.
    mutating func forget(_ sql: SQL, onServer: Bool) {
        guard let index = entries[sql.text]?.firstIndex(where: { matches($0.types, sql.parameters) }) else { return }
        if let entry = entries[sql.text]?.remove(at: index), onServer { abandoned.append(entry.name) }
        count -= 1
        if entries[sql.text]?.isEmpty == true { entries[sql.text] = nil }
    }

    /// Whether there is no room for another statement.
    var isFull: Bool { count >= limit }

    /// Takes the longest unused statements, an eighth of the limit, out of the cache.
    mutating func evict() {
        let all = entries.flatMap { text, variants in variants.map { (text, $0) } }.sorted { $0.1.lastUse < $1.1.lastUse }
        for (text, entry) in all.prefix(max(1, limit / 8)) {
            entries[text]?.removeAll { $0.name == entry.name }
            if entries[text]?.isEmpty == true { entries[text] = nil }
            abandoned.append(entry.name)
            count -= 1
        }
    }

    /// Names to deallocate on the server.
    mutating func takeAbandoned() -> [String] {
        defer { abandoned = [] }
        return abandoned
    }
}
