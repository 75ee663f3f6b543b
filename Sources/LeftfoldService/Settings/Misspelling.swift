/// Finds names of settings that are not known but nearly are. A service has settings of its own, so not every unknown name is a
/// mistake; `DATABSE_URL` is.
struct Misspelling: Equatable {
    let name: String
    let meant: String

    /// The first of these names, in order, that stands for a known one which is not set itself.
    static func first(in names: some Sequence<String>, known: Set<String>) -> Misspelling? {
        let names = Set(names)
        let open = known.subtracting(names).sorted()
        for name in names.subtracting(known).sorted() {
            if let meant = open.first(where: { isNear(name, $0) }) { return Misspelling(name: name, meant: meant) }
        }
        return nil
    }

    /// Another case, or few letters wrong: one in `PORT`, two in `DATABASE_URL`.
    static func isNear(_ name: String, _ known: String) -> Bool {
        let (name, known) = (Array(name.uppercased().utf8), Array(known.utf8))
        if name == known { return true }
        let tolerance = min(max(known.count / 5, 1), 2)
        guard abs(name.count - known.count) <= tolerance else { return false }
        // In a short name nearly everything is near: COST is not HOST.
        if known.count < 6, name.first != known.first { return false }
        return distance(name, known) <= tolerance
    }

    /// Letters to insert, leave out, replace, or swap with the next one.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
