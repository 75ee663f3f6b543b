import Leftfold
import LeftfoldDriver
import Logging

/// Takes parked streams back: hands over what was passed of them, in the stream's order. Then they are followed like any other.
///
/// One event a transaction, which also notes how far it got: killed at any moment, the next one goes on there (I5). What fails again stays parked
/// from there on, with the reason, and stops nothing.
struct TakingBack {
    let run: FollowerRun
    let handler: any BatchHandler
    let connection: Connection

    private var log: LogName { run.database.log }
    private static let pageSize = 100

    /// Those that are to be. Throws ``LeaseLost``, or the database's error.
    func takeBack(from exclusions: inout Exclusions, _ lease: inout Lease) async throws {
        for (stream, parked) in exclusions.streams where parked.isResuming {
            do {
                try await takeBack(stream, from: parked.from, &lease)
                exclusions.streams[stream] = nil
                run.logger.notice("took a parked stream back", metadata: ["follower": "\(run.follower)", "stream": "\(stream)"])
            } catch let failed as FailedEvent {
                exclusions.streams[stream] = Exclusions.Parked(from: failed.event.version, isResuming: false)
                try await note(failed, lease)
                run.logger.error(
                    "a parked stream stays parked", metadata: ["follower": "\(run.follower)", "reason": "\(failed)"])
            }
        }
    }

    private func takeBack(_ stream: StreamName, from version: StreamVersion, _ lease: inout Lease) async throws {
        var next = version
        while true {
            let page = try await run.database.store.read(stream, after: StreamVersion(rawValue: next.rawValue - 1), limit: Self.pageSize)
            // The rest is still to come.
            for event in page where event.position <= lease.position {
                try Task.checkCancellation()
                try await take(event, &lease)
                next = event.version.advanced(by: 1)
            }
            if page.count < Self.pageSize || (page.last.map { $0.position > lease.position } ?? true) { break }
        }
        try await standingStill(&lease) { connection, advance in
            try await connection.pipeline([
                advance, "DELETE FROM \(log).parked_streams WHERE follower = \(run.follower) AND stream = \(stream)", restated,
            ])
        }
    }

    private func take(_ event: RecordedEvent, _ lease: inout Lease) async throws {
        try await standingStill(&lease) { connection, advance in
            do {
                try await handler.handle([event], after: advance, on: connection)
                // What would be found out by the commit is the event's fault, too.
                try await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            } catch let error as PostgresError where error.sqlState == .checkpointMoved || error.sqlState == .epochEnded {
                throw error
            } catch let failed as FailedEvent {
                throw failed
            } catch  where type(of: handler).isAboutTheEvents(error) {
                throw FailedEvent(event, reason: (error as? PostgresError)?.message ?? "\(error)")
            }
            try await connection.pipeline([
                """
                UPDATE \(log).parked_streams SET from_version = \(event.version.advanced(by: 1))
                WHERE follower = \(run.follower) AND stream = \(event.stream)
                """, restated,
            ])
        }
    }

    /// In a transaction with a compare-and-set on the checkpoint, which stays where it is.
    private func standingStill(_ lease: inout Lease, _ body: (Connection, SQL) async throws -> Void) async throws {
        let start = ContinuousClock.now
        let advance = lease.advance(to: lease.position, touching: .everything)
        do {
            // One that takes longer than it may gets more time.
            try await run.reader.pace.keep { try await connection.transaction { try await body($0, advance) } }
        } catch let error as PostgresError where error.sqlState == .checkpointMoved || error.sqlState == .epochEnded {
            throw LeaseLost()
        }
        lease.advanced(to: lease.position, sentAt: start)
    }

    /// Answers that were kept at this position are not what one would read there now.
    private var restated: SQL { "SELECT pg_notify(\(Announcements.checkpoints(of: log)), \("restated \(run.follower)"))" }

    private func note(_ failed: FailedEvent, _ lease: Lease) async throws {
        try await connection.execute(
            """
            UPDATE \(log).parked_streams AS p SET resuming = false, failure = \(String(failed.reason.prefix(2000)))
            FROM \(log).followers AS f
            WHERE p.follower = \(run.follower) AND p.stream = \(failed.event.stream) AND f.name = p.follower
                AND f.lease_epoch = \(lease.checkpoint.epoch)
            """)
    }
}
