public import Leftfold
import LeftfoldDriver

/// Answers queries from the read tables, and honours what the client has already seen.
public struct ReadModels: Sendable {
    private let database: LeftfoldDatabase

    public init(_ database: LeftfoldDatabase) { self.database = database }

    /// The handler to register with the query bus. Its answers may be kept: a statement does not see who asks.
    public func handler<Q: PostgresQuery>(for type: Q.Type) -> QueryHandler {
        QueryHandler(Q.self, isCacheable: true, keepsDeadline: true) { query, context in
            let reading = Reading(query: query, context: context, database: database)
            return try await reading.answer()
        }
    }
}

/// One query on its way.
private struct Reading<Q: PostgresQuery>: Sendable {
    let query: Q
    let context: QueryContext
    let database: LeftfoldDatabase
    /// When it must be answered, and when the wait for the position ends.
    private let end: ContinuousClock.Instant
    private let patient: ContinuousClock.Instant

    init(query: Q, context: QueryContext, database: LeftfoldDatabase) {
        (self.query, self.context, self.database) = (query, context, database)
        let now = ContinuousClock.now
        end = context.deadline ?? now + Q.timeout
        patient = min(end, now + context.patience)
    }

    private var progress: ReadModelProgress { database.progress }

    /// Where what is known covers what is demanded, one statement is enough: a position was announced after its commit, so a
    /// statement that is sent after the announcement sees it. Else the checkpoint is read first and the tables after it, in one
    /// round trip: the answer knows at least all up to the position that comes with it (I9).
    func answer() async throws -> Answered<Q.Answer> {
        var pause = Duration.milliseconds(1)
        while true {
            if let marks = await known() {
                return Answered(try query.answer(try await read([query.statement])[0]), at: marks)
            }
            let start = progress.start()
            let checkpoints = Checkpoints(of: Q.reads, in: database.log).statement
            var results = try await read((database.readsReplica ? [epoch] : []) + [checkpoints, query.statement])
            guard try !database.readsReplica || isOfThisHistory(results.removeFirst()) else {
                guard .now < patient else { throw Unavailable("The replica has not heard of the log's newest epoch.") }
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            let sightings = try inOrder(Checkpoints.sightings(results[0]))
            let marks = database.readsReplica ? progress.marks(of: sightings, since: start) : progress.learn(sightings, since: start)
            let position = sightings.map(\.position).min() ?? .zero
            guard let wanted = context.after, position < wanted else {
                var answered = Answered(try query.answer(results[1]), at: position)
                answered.marks = marks
                return answered
            }
            guard .now < patient, !sightings.isEmpty else { throw NotYetVisible(wanted: wanted, reached: position) }
            if database.readsReplica {
                try await waitForReplica(sightings, wanted, &pause)
            } else if progress.marks(of: Q.reads) == nil {
                await wait(for: sightings, wanted, atMost: .milliseconds(250))
            }
            try Task.checkCancellation()
        }
    }

    private var epoch: SQL { "SELECT tag FROM \(database.log).epochs WHERE ended_after IS NULL" }

    /// A replica that was left behind by a failover shows what was lost, at positions that mean something else now.
    private func isOfThisHistory(_ rows: Rows) throws -> Bool {
        guard let known = database.store.history.settled else { return true }
        return try rows.first?.decode(Int32.self) ?? 0 == known.rawValue
    }

    /// How far the primary is known to be, if that is enough or becomes enough soon.
    private func known() async -> [ReadModelMark]? {
        guard !database.readsReplica, let marks = progress.marks(of: Q.reads) else { return nil }
        guard let wanted = context.after, marks.position < wanted else { return marks }
        // It may be lost, so this is not the only way to notice.
        await wait(for: progress.sightings(of: Q.reads), wanted, atMost: .milliseconds(250))
        return progress.marks(of: Q.reads).flatMap { $0.position < wanted ? nil : $0 }
    }

    private func wait(for sightings: [ReadModelSighting], _ wanted: GlobalPosition, atMost limit: Duration) async {
        for sighting in sightings where sighting.position < wanted {
            let left = patient - .now
            guard left > .zero else { return }
            await database.announcements.wait(for: .checkpoint(sighting.follower), at: wanted.rawValue, atMost: min(left, limit))
        }
    }

    /// A standby announces nothing. It cannot be there before the primary is, and is so a little later.
    private func waitForReplica(_ sightings: [ReadModelSighting], _ wanted: GlobalPosition, _ pause: inout Duration) async throws {
        await wait(for: sightings, wanted, atMost: .milliseconds(50))
        try await Task.sleep(for: min(pause, max(.zero, patient - .now)))
        pause = min(pause * 2, .milliseconds(50))
    }

    /// In the order of the query's `reads`.
    private func inOrder(_ sightings: [ReadModelSighting]) throws -> [ReadModelSighting] {
        try Q.reads.map { projection in
            guard let sighting = sightings.first(where: { $0.projection == projection }) else {
                throw Unavailable("A read model is not built yet.")
            }
            return sighting
        }
    }

    /// In one round trip and one transaction. The last is the query's.
    private func read(_ statements: [SQL]) async throws -> [Rows] {
        guard let turnstile = context.turnstile else { return try await readNow(statements) }
        return try await turnstile.pass(Q.self, until: end) { try await readNow(statements) }
    }

    private func readNow(_ statements: [SQL]) async throws -> [Rows] {
        let isUsual = Q.timeout == LeftfoldDatabase.queryTimeout
        let limit: SQL = "SELECT set_config('statement_timeout', \(String(max(1, Int(Q.timeout.seconds * 1000)))), true)"
        let results: [Rows]
        do {
            results = try await database.queries.withConnection { connection in
                // The server is to end it by itself: a connection that we interrupt is lost.
                let patience = max(.zero, end - .now) + .milliseconds(250)
                if isUsual, statements.count == 1 { return [try await connection.execute(statements[0], timeout: patience)] }
                let all = try await connection.pipeline(isUsual ? statements : [limit] + statements, timeout: patience)
                return isUsual ? all : Array(all.dropFirst())
            }
        } catch let error as PostgresError {
            switch error.kind {
            case .server(.queryCanceled), .timeout: throw QueryTimedOut(Q.name)
            // A replica that has to forget what we read.
            case .server(.serializationFailure) where database.readsReplica: throw Unavailable("The replica is busy catching up.")
            default: throw error.asUnavailable
            }
        }
        guard results.count == statements.count, let rows = results.last else { throw Unavailable("The database gave no answer.") }
        if rows.count > Q.maximumRows { throw TooManyRows(Q.name, limit: Q.maximumRows) }
        return results
    }
}
