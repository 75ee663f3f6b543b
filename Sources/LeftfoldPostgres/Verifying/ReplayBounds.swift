import Leftfold
import LeftfoldDriver

/// How far a replay goes, and what it leaves out.
struct ReplayBounds: Sendable {
    let end: GlobalPosition
    let exclusions: Exclusions

    /// As far as the live tables are, if this code built them and nothing else is said; else to the end of the log. What they leave out is left out.
    ///
    /// Throws ``OperationRefused`` for what is beyond the log.
    static func find(_ generations: Generations, upTo end: GlobalPosition?) async throws -> ReplayBounds {
        let live = try await generations.database.pool.withConnection { try await LiveTables.find(generations, on: $0) }
        let head = try await generations.database.store.head()
        if let end, end > head { throw OperationRefused("position_beyond_log", "The log ends at position \(head).") }
        let isOurs = live?.generation.codeVersion == generations.projection.version
        return ReplayBounds(end: end ?? (isOurs ? live?.position : nil) ?? head, exclusions: live?.exclusions ?? Exclusions())
    }
}
