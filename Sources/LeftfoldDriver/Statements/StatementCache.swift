/// What one connection has prepared: a name for each template.
struct StatementCache {
    private final class Entry {
        let name: String
        var lastUse: UInt64

        init(name: String, lastUse: UInt64) { (self.name, self.lastUse) = (name, lastUse) }
    }

    private var entries: [SQL.Template: Entry] = [:]
    private var clock: UInt64 = 0
    private var names: UInt64 = 0
    /// Names the server still knows and we do not use any more.
    private(set) var abandoned: [String] = []
    let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    /// Whether there is no room for another statement.
    var isFull: Bool { count >= limit }

    /// The name under which a statement is prepared.
    mutating func name(of sql: SQL) -> String? {
        guard let entry = entries[sql.template] else { return nil }
        clock &+= 1
        entry.lastUse = clock
        return entry.name
    }

    /// A name no statement of this connection has had.
    mutating func newName() -> String {
        names &+= 1
        return "lf\(names)"
    }

    /// Notes that the server has prepared a statement.
    mutating func insert(_ sql: SQL, name: String) {
        clock &+= 1
        entries[sql.template] = Entry(name: name, lastUse: clock)
    }

    /// Forgets a statement that must be prepared anew. `onServer` tells whether the server may still know it.
    mutating func forget(_ sql: SQL, onServer: Bool) {
        if let entry = entries.removeValue(forKey: sql.template), onServer { abandoned.append(entry.name) }
    }

    /// Takes the longest unused statements, an eighth of the limit, out of the cache.
    mutating func evict() {
        for (template, entry) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }).prefix(max(1, limit / 8)) {
            entries[template] = nil
            abandoned.append(entry.name)
        }
    }

    /// Names to deallocate on the server.
    mutating func takeAbandoned() -> [String] {
        defer { abandoned = [] }
        return abandoned
    }
}
