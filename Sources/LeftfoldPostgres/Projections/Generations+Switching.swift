import Leftfold
import LeftfoldDriver

extension Generations {
    /// How long the live one is asked to stand still. A lease: who asked and died holds nobody up for longer.
    private static let moment: Duration = .seconds(2)

    /// Queries read this one from now on; the one that was live is kept or retired. One call, and done once, however often it is made.
    ///
    /// - Parameters:
    ///   - lease: of whoever built it; nil for the first, which nobody builds.
    ///   - keeping: what becomes of the one that was live.
    /// - Returns: where the live one is, if that is further; then nothing was done.
    /// - Throws: ``LeaseLost`` unless it is still the lease, and the generation is as far as its holder believes.
    func switchOver(
        to generation: Generation, _ lease: Lease? = nil, keeping: Keeping = .nothing, on connection: Connection
    ) async throws -> GlobalPosition? {
        let call = switching(to: generation, lease?.checkpoint.epoch, lease?.position ?? .zero, projection.tables, keeping)
        return try await unlessLost("SELECT \(fragment: call)", on: connection).first?.decode(GlobalPosition?.self) ?? nil
    }

    /// Queries read one again that was kept; the one that was live is. It goes on record by the same statement.
    ///
    /// - Parameter operation: the row of who asked, of the columns operation, principal and reason.
    /// - Returns: where the live one is, if that is further; then nothing was done.
    /// - Throws: ``LeaseLost`` where it is no longer kept.
    func switchBack(
        to generation: Generation, _ tables: [String], keeping: Keeping, _ principal: String, _ reason: String, on connection: Connection
    ) async throws -> GlobalPosition? {
        let call: SQL = """
            WITH switched AS MATERIALIZED (SELECT \(fragment: switching(to: generation, nil, .zero, tables, keeping)) AS live), recorded AS (
                INSERT INTO \(log).follower_operations (operation, projection, follower, principal, reason)
                SELECT 'rollback', \(name), \(generation.follower), \(principal), \(reason) FROM switched WHERE live IS NULL)
            SELECT live FROM switched
            """
        return try await unlessLost(call, on: connection).first?.decode(GlobalPosition?.self) ?? nil
    }

    private func switching(
        to generation: Generation, _ epoch: Int64?, _ position: GlobalPosition, _ tables: [String], _ keeping: Keeping
    ) -> SQL {
        """
        \(log).switch_generation(
            \(name), \(Int32(generation.number)), \(epoch), \(position), \(database.readSchema), \(tables), \(keeping.seconds))
        """
    }

    /// Has the live one stand still, so that another one can come up to it.
    ///
    /// - Parameter lease: of who builds the other one; nil where that one is kept.
    /// - Returns: where it stands.
    /// - Throws: ``LeaseLost``, if that is no longer being built with this lease, or kept.
    @discardableResult
    func holdLive(for generation: Generation, _ lease: Lease?, _ owner: String, on connection: Connection) async throws -> GlobalPosition {
        let call: SQL = """
            SELECT \(log).hold_live(
                \(name), \(Int32(generation.number)), \(lease?.checkpoint.epoch), \(owner), make_interval(secs => \(Self.moment.seconds)))
            """
        let stands: GlobalPosition? = try await unlessLost(call, on: connection).first?.decode(GlobalPosition?.self) ?? nil
        return stands ?? .zero
    }

    /// It waits for several locks, each for a short time.
    private func unlessLost(_ call: SQL, on connection: Connection) async throws -> Rows {
        do {
            return try await connection.execute(call, timeout: .seconds(20))
        } catch {
            throw error.sqlState == .checkpointMoved ? LeaseLost() : error
        }
    }
}
