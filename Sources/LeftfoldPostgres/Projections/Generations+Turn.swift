import Leftfold
import LeftfoldDriver
import Logging

/// One rebuild of a projection at a time.
extension Generations {
    /// Who builds a generation, as far as the database knows.
    private struct Builder: Equatable {
        let generation: Generation
        let owner: String?
        /// What changes while somebody is at work.
        let sign: String
    }

    /// A new generation, for whoever asks to build. What others left unfinished is dropped first; one who may have been killed or stopped is
    /// waited for until the end of the lease.
    ///
    /// Throws ``OperationRefused`` (`rebuild_at_work`) where somebody is building one, or has built one meanwhile.
    ///
    /// - Parameter replaced: what must be live still; nil: whatever is.
    func begin(_ logger: Logger, over replaced: Generation? = nil) async throws -> Generation {
        _ = try await ensureLive()
        let end = ContinuousClock.now + Lease.length + BatchPace.usualDeadline
        var first: Builder?
        while true {
            let (created, builder) = try await database.withConnection { connection in
                try await connection.transaction { connection -> (Generation?, Builder?) in
                    try await lock(on: connection)
                    if let replaced, try await live({ try await connection.execute($0) }) != replaced {
                        throw OperationRefused("rebuild_at_work", "Somebody has built another generation of \(name) meanwhile.")
                    }
                    try await dropAbandoned(on: connection)
                    if let builder = try await self.builder(on: connection) { return (nil, builder) }
                    return (try await create(on: connection), nil)
                }
            }
            if let created { return created }
            guard let builder, .now < end, first == nil || first == builder else { throw atWork(builder) }
            first = builder
            try await SilentSenders(log: log).end(through: database.pool, ifFree: builder.generation.follower, logger)
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func builder(on connection: Connection) async throws -> Builder? {
        try await connection.execute(
            """
            SELECT g.number, g.code_version, f.lease_owner, concat_ws(' ', f.name, f.lease_epoch, f.position, f.lease_until)
            FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower
            WHERE g.projection = \(name) AND g.state = 'building' ORDER BY g.number DESC LIMIT 1
            """
        ).first.map { row in
            let (number, version, owner, sign) = try row.decode(Int.self, Int.self, String?.self, String.self)
            return Builder(
                generation: Generation(log: log, projection: name, number: number, codeVersion: version), owner: owner, sign: sign)
        }
    }

    private func atWork(_ builder: Builder?) -> OperationRefused {
        let generation = builder.map { "generation \($0.generation.number)" } ?? "a generation"
        return OperationRefused(
            "rebuild_at_work", "\(builder?.owner ?? "Somebody") is building \(generation) of \(name); one at a time does.")
    }
}
