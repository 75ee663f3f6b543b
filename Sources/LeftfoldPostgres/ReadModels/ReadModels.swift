public import Leftfold
import LeftfoldDriver

/// Answers queries from the read tables, and honours what the client has already seen.
public struct ReadModels: Sendable {
    private let database: LeftfoldDatabase

    public init(_ database: LeftfoldDatabase) { self.database = database }

    /// The handler to register with the query bus.
    public func handler<Q: PostgresQuery>(for type: Q.Type) -> QueryHandler {
        QueryHandler(Q.self) { query, context in try await answer(query, context) }
    }

    /// Reads the checkpoint first and the tables after it, in one round trip: the answer knows at least all up to the
    /// position that comes with it. If the client has seen more than that, waits for the projection and reads again (I9).
    private func answer<Q: PostgresQuery>(_ query: Q, _ context: QueryContext) async throws -> Answered<Q.Answer> {
        let deadline = ContinuousClock.now + context.patience
        while true {
            let (position, followers, rows) = try await read(query)
            guard let wanted = context.after, position < wanted else {
                return Answered(try query.answer(rows), at: position)
            }
            let left = deadline - .now
            guard left > .zero, !followers.isEmpty else { throw NotYetVisible(wanted: wanted, reached: position) }
            for follower in followers {
                await database.announcements.wait(for: .checkpoint(follower), at: wanted.rawValue, atMost: min(left, .milliseconds(250)))
            }
            try Task.checkCancellation()
        }
    }

    private func read<Q: PostgresQuery>(_ query: Q) async throws -> (GlobalPosition, [FollowerName], Rows) {
        let checkpoint: SQL = """
            SELECT coalesce(min(f.position), 0), coalesce(array_agg(f.name::text), '{}')
            FROM \(database.log).generations AS g JOIN \(database.log).followers AS f ON f.name = g.follower
            WHERE g.state = 'live' AND g.projection = ANY (\(Q.reads))
            """
        let results: [Rows]
        do {
            results = try await database.pool.withConnection { try await $0.pipeline([checkpoint, query.statement]) }
        } catch let error as PostgresError {
            throw error.asUnavailable
        }
        guard results.count == 2, let (position, followers) = try results[0].first?.decode(Int64.self, [String].self),
            followers.count == Set(Q.reads).count
        else { throw Unavailable("A read model is not built yet.") }
        return (GlobalPosition(rawValue: position), followers.compactMap(FollowerName.init(rawValue:)), results[1])
    }
}
