public import Leftfold
import LeftfoldDriver

/// A generation that is not live any more, and what others attached to its tables.
public struct OldGeneration: Sendable, Codable, Equatable {
    public var projection: String
    public var generation: Int
    /// `kept` or `retired`.
    public var state: String
    /// Such as `view public.report`. It would go with the generation; the live one has nothing like it.
    public var attached: [String]
}

extension LeftfoldDatabase {
    /// The generations that stay for the sake of what others attached to their tables.
    ///
    /// - Parameter projection: nil: of all.
    public func attachedToOldGenerations(of projection: ProjectionName? = nil) async throws -> [OldGeneration] {
        try await withConnection { connection in
            try await connection.execute(
                """
                SELECT g.projection, g.number, g.state, ARRAY(SELECT a FROM \(log).attached(g.projection, g.number) AS a ORDER BY 1)
                FROM \(log).generations AS g
                WHERE g.state IN ('kept', 'retired') AND g.projection = coalesce(\(projection?.rawValue), g.projection)
                ORDER BY g.projection, g.number
                """
            ).map { row in
                let (projection, number, state, attached) = try row.decode(String.self, Int.self, String.self, [String].self)
                return OldGeneration(projection: projection, generation: number, state: state, attached: attached)
            }
        }.filter { !$0.attached.isEmpty }
    }

    /// Drops a generation that was kept, or is retired. Returns its number.
    ///
    /// Throws ``OperationRefused`` where there is no such generation or there are several (`no_such_generation`), or where others attached something to
    /// its tables that would go with it (`projection_in_use`); `Unavailable` when somebody reads its tables for long; or the database's error.
    ///
    /// - Parameters:
    ///   - number: nil: the one that is kept; where none is, the one that is retired.
    ///   - projection: of this program or another's.
    ///   - principal: who does it, as they say.
    ///   - reason: why; on record.
    ///   - cascade: drops what others attached, too.
    @discardableResult
    public func drop(
        generation number: Int? = nil, of projection: ProjectionName, by principal: String, because reason: String, cascade: Bool = false
    ) async throws -> Int {
        do {
            return try await withConnection { connection in
                try await connection.transaction { connection in
                    try await drop(number, projection, principal, reason, cascade, on: connection)
                }
            }
        } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
            throw Unavailable("Somebody reads the tables of an old generation of \(projection), or builds one.")
        } catch let error as PostgresError {
            throw error.asUnavailable
        }
    }

    private func drop(
        _ number: Int?, _ projection: ProjectionName, _ principal: String, _ reason: String, _ cascade: Bool, on connection: Connection
    ) async throws -> Int {
        let old = try await connection.execute(
            """
            SELECT number, state FROM \(log).generations
            WHERE projection = \(projection) AND state IN ('kept', 'retired') ORDER BY number
            """
        ).map { try $0.decode(Int.self, String.self) }
        let kept = old.filter { $0.1 == "kept" }
        let candidates = old.filter { candidate in number.map { candidate.0 == $0 } ?? (kept.isEmpty || candidate.1 == "kept") }
        guard let (chosen, _) = candidates.first, candidates.count == 1 else {
            let there = old.map { "\($0.0) (\($0.1))" }.joined(separator: ", ")
            throw OperationRefused(
                "no_such_generation",
                old.isEmpty ? "\(projection) has no old generation." : "Which generation of \(projection)? There are \(there).")
        }
        try await connection.execute(
            """
            INSERT INTO \(log).follower_operations (operation, projection, follower, principal, reason)
            SELECT 'drop', projection, follower, \(principal), \(reason) FROM \(log).generations
            WHERE projection = \(projection) AND number = \(Int32(chosen))
            """)
        let attached =
            try await connection.execute(
                "SELECT \(log).drop_generation(\(projection), \(Int32(chosen)), \(cascade))"
            ).first?.decode([String].self) ?? []
        guard attached.isEmpty else { throw OperationRefused.inUse(projection, attached) }
        return chosen
    }
}

extension OperationRefused {
    static func inUse(_ projection: ProjectionName, _ attached: [String]) -> OperationRefused {
        OperationRefused(
            "projection_in_use", "Others rest on the tables of \(projection), and would lose: \(attached.joined(separator: "; ")).")
    }
}
