import Leftfold
import LeftfoldDriver

extension Generations {
    /// How long the live one is asked to stand still. A lease: who asked and died holds nobody up for longer.
    private static let moment: Duration = .seconds(2)

    /// Queries read this one from now on; the one that was live is retired, and nobody goes on with it. One call, and done once, however often it
    /// is made.
    ///
    /// - Parameter lease: of whoever built it; nil for the first, which nobody builds.
    /// - Returns: where the live one is, if that is further; then nothing was done.
    /// - Throws: ``LeaseLost`` unless it is still the lease, and the generation is as far as its holder believes.
    func switchOver(to generation: Generation, _ lease: Lease? = nil, on connection: Connection) async throws -> GlobalPosition? {
        let call: SQL = """
            SELECT \(log).switch_generation(
                \(name), \(Int32(generation.number)), \(lease?.checkpoint.epoch), \(lease?.position ?? .zero), \(database.readSchema),
                \(projection.tables))
            """
        return try await unlessLost(call, on: connection).first?.decode(GlobalPosition?.self) ?? nil
    }

    /// Has the live one stand still, so that the one that is being built can come up to it.
    ///
    /// - Throws: ``LeaseLost``, if that is no longer being built with this lease.
    func holdLive(for generation: Generation, _ lease: Lease, _ owner: String, on connection: Connection) async throws {
        let call: SQL = """
            SELECT \(log).hold_live(
                \(name), \(Int32(generation.number)), \(lease.checkpoint.epoch), \(owner), make_interval(secs => \(Self.moment.seconds)))
            """
        _ = try await unlessLost(call, on: connection)
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
