import Leftfold
import LeftfoldDriver

/// The live tables of a projection at one moment: which they are, how far they are, and what they leave out.
struct LiveTables: Sendable {
    let generation: Generation
    let position: GlobalPosition
    let exclusions: Exclusions

    /// Nil before the first.
    static func find(_ generations: Generations, on connection: Connection) async throws -> LiveTables? {
        guard let live = try await generations.live({ try await connection.execute($0) }) else { return nil }
        let position = try await connection.execute(
            "SELECT position FROM \(generations.log).followers WHERE name = \(live.follower)"
        ).first?.decode(GlobalPosition.self)
        return LiveTables(
            generation: live, position: position ?? .zero,
            exclusions: try await Exclusions.find(for: live.follower, after: .zero, in: generations.log, on: connection))
    }

    /// Whether what is known of the one holds for the other, but for the position.
    func areStill(_ other: LiveTables) -> Bool {
        generation == other.generation && position >= other.position && exclusions.positions == other.exclusions.positions
            && exclusions.streams.mapValues(\.from) == other.exclusions.streams.mapValues(\.from)
    }
}
