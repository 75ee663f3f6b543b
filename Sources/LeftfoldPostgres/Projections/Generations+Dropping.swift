import Leftfold
import LeftfoldDriver
import Logging

/// Generations that nobody needs go, unless somebody attached to their tables what would go with them.
extension Generations {
    /// The one that was replaced last stays, for statements that still run on it; older ones go.
    ///
    /// - Returns: what stays for the sake of others, with what those attached to it.
    func dropRetired(on connection: Connection) async throws -> [(Generation, attached: [String])] {
        try await drop(try await all("retired", order: "g.live_since DESC", on: connection).dropFirst(), on: connection)
    }

    /// What a killed rebuild left: those that are being built, with nobody at work.
    func dropAbandoned(on connection: Connection) async throws {
        let abandoned = try await all(
            "building",
            "\(fragment: Lease.isFree) AND (f.lease_until IS NOT NULL OR f.created_at + interval '10 seconds' < clock_timestamp())",
            // The lease that a batch under way will prolong is not seen yet; its row is locked.
            locking: "FOR UPDATE OF f SKIP LOCKED", on: connection)
        for (generation, attached) in try await drop(abandoned[...], on: connection) { generation.staysBecause(attached) }
    }

    private func drop(_ generations: ArraySlice<Generation>, on connection: Connection) async throws -> [(Generation, attached: [String])] {
        var staying: [(Generation, attached: [String])] = []
        for generation in generations where try await mayDrop(generation, on: connection) {
            let attached = try await drop(generation, on: connection)
            if !attached.isEmpty { staying.append((generation, attached)) }
        }
        return staying
    }

    /// Unless it is live: when the connection broke at the commit of the switch, it may be, and its tables are what queries read.
    ///
    /// - Parameter cascade: with what others attached to it.
    /// - Returns: what others attached to it; then nothing was done.
    @discardableResult
    func drop(_ generation: Generation, cascade: Bool = false, on connection: Connection) async throws -> [String] {
        try await connection.execute(
            "SELECT \(log).drop_generation(\(name), \(Int32(generation.number)), \(cascade))"
        ).first?.decode([String].self) ?? []
    }

    /// Those in a state.
    func all(
        _ state: String, _ condition: SQL = "true", order: SQL = "g.number DESC", locking: SQL = "", on connection: Connection
    ) async throws -> [Generation] {
        try await connection.execute(
            """
            SELECT g.number, g.code_version FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower
            WHERE g.projection = \(name) AND g.state = \(state) AND \(fragment: condition)
            ORDER BY \(fragment: order) \(fragment: locking)
            """
        ).map(generation)
    }

    // MARK: Attached

    /// Puts on record what the code made, so that everything else is known to be somebody's; and makes at a new generation, while it is empty, what
    /// somebody attached to the live one and is not in the way there.
    func takeOver(attachedTo live: Generation?, to generation: Generation, on connection: Connection) async throws {
        try await connection.execute(
            """
            UPDATE \(log).generations SET made = ARRAY(SELECT b.object FROM \(log).belongings(\(generation.schema), \(generation.schema)) AS b)
            WHERE projection = \(name) AND number = \(Int32(generation.number))
            """)
        guard let live else { return }
        let kinds = ["index", "statistics", "policy", "security", "grant", "comment"]
        try await connection.execute(
            "SELECT \(log).carry_over(\(name), \(Int32(live.number)), \(Int32(generation.number)), \(kinds))")
    }
}

extension Generation {
    /// Never silently.
    func staysBecause(_ attached: [String]) {
        Logger(label: "leftfold.generations").warning(
            "an old generation is not dropped, because others attached to its tables what would go with them",
            metadata: ["projection": "\(projection)", "generation": "\(number)", "attached": "\(attached.joined(separator: "; "))"])
    }
}
