import Foundation
import Leftfold
import LeftfoldDriver
import Logging

/// A follower in this process: stands by until it gets the lease, then reads the log and hands it over, until the lease goes.
/// Killed at any moment, the next one goes on exactly where the last transaction committed.
struct FollowerRun: Sendable {
    let follower: FollowerName
    /// What it makes of the events; asked for with the connection that it will work on.
    let handler: @Sendable (Connection) async throws -> any BatchHandler
    let database: LeftfoldDatabase
    let reader: LogReader
    /// Whether it keeps the lease when there is no more to do.
    var staysAtHead = true
    /// Where a connection of the handler's looks for tables.
    let searchPath: [String]
    let gauges: FollowerGauges
    let span: BatchSpan
    let logger: Logger
    /// How long it waits for an announcement before it looks by itself.
    let patience: Duration

    /// One turn of duty. Returns when somebody else has the lease, or when it went away; call it again.
    ///
    /// - Parameter mayWork: asked once the lease is won.
    func run(ifStill mayWork: () async throws -> Bool = { true }) async throws {
        let released = database.announcements.mark(of: .nudge(follower)) + 1
        guard var lease = try await Lease.take(follower, in: database, owner: database.worker) else {
            if try await SilentSenders(log: database.log).end(through: database.pool, ifFree: follower, logger) { return }
            await database.announcements.wait(for: .nudge(follower), at: released, atMost: patience)
            return
        }
        do {
            if try await mayWork() {
                try await database.withConnection(for: follower, searchPath: searchPath, deadline: reader.pace.deadline) {
                    try await work(&lease, on: $0)
                }
            }
        } catch {
            await record(error, lease)
            await release(lease)
            throw error
        }
        await release(lease)
    }

    private func work(_ lease: inout Lease, on connection: Connection) async throws {
        logger.info("following the log", metadata: ["follower": "\(follower)", "position": "\(lease.position)"])
        let member = reader.shared?.enter(reader.sources)
        defer { if let member { reader.shared?.leave(member) } }
        let plain = try await handler(connection)
        var head = try await database.store.head()
        try await stopBeyond(head, &lease, on: connection)
        // Whoever changes them takes the lease away.
        var exclusions = try await Exclusions.find(for: follower, after: lease.position, in: database.log, on: connection)
        if lease.failedPosition == nil {
            do {
                try await TakingBack(run: self, handler: plain, connection: connection).takeBack(from: &exclusions, &lease)
            } catch is LeaseLost {
                return
            }
        }
        let handler: any BatchHandler = exclusions.isEmpty ? plain : ExcludingHandler(base: plain, exclusions: exclusions)
        while !Task.isCancelled {
            let announcements = database.announcements
            let nudged = announcements.mark(of: .nudge(follower)) + 1
            if lease.failedPosition == nil {
                do {
                    try await catchUp(&lease, handler, on: connection, &head)
                } catch let failed as FailedEvent {
                    lease.failedPosition = failed.event.position
                    try await lease.recordFailure(at: failed.event.position, failed.reason, on: connection)
                    logger.critical(
                        "stopped at an event; mend it and retry, or skip it",
                        metadata: [
                            "follower": "\(follower)", "position": "\(failed.event.position)", "type": "\(failed.event.type)",
                            "reason": "\(failed.reason)",
                        ])
                } catch is LeaseLost {
                    return
                }
            }
            if lease.failedPosition == nil {
                guard staysAtHead else { return }
                await announcements.wait(for: .log, at: lease.position.next.rawValue, atMost: patience)
            } else {
                await announcements.wait(for: .nudge(follower), at: nudged, atMost: patience)
                try await reportStandstill(lease)
            }
            // What was applied has prolonged it: an announcement is answered by reading, not by housekeeping.
            if lease.isDueForRenewal || lease.failedPosition != nil {
                guard try await lease.renew(on: connection) else { return }
                try await stopBeyond(try await database.store.head(), &lease, on: connection)
            }
        }
    }

    /// A checkpoint beyond the end of the log is of another history: a failover or an older backup has taken events away that were applied.
    /// What comes in their place would be skipped.
    private func stopBeyond(_ head: GlobalPosition, _ lease: inout Lease, on connection: Connection) async throws {
        guard lease.failedPosition == nil, lease.position > head else { return }
        let reason = "the log ends at \(head), before the checkpoint: it has lost events that were applied here; rebuild"
        try await lease.recordFailure(at: lease.position, reason, on: connection)
        lease.failedPosition = lease.position
        logger.critical(
            "stopped beyond the end of the log", metadata: ["follower": "\(follower)", "position": "\(lease.position)", "head": "\(head)"])
    }

    /// Takes in all that there is.
    private func catchUp(
        _ lease: inout Lease, _ handler: any BatchHandler, on connection: Connection, _ head: inout GlobalPosition
    ) async throws {
        var known = head
        try await reader.read(after: lease.position, as: { handler.prepare($0) }) { batch in
            let page = batch.events
            try await span.around(page) { try await reader.pace.keep { try await handler.take(batch, &lease, on: connection) } }
            known = max(known, lease.position, GlobalPosition(rawValue: database.announcements.mark(of: .log)))
            if let last = page.last { gauges.report(page.count, upTo: last, head: known) }
        }
        head = known
        if lease.isTroubled { try await lease.clearTrouble(on: connection) }
        if lease.position == head { gauges.reportIdle(at: lease.position) }
    }

    /// While it stands, it falls behind; that must be seen.
    private func reportStandstill(_ lease: Lease) async throws {
        guard let next = try await database.store.read(after: lease.position, limit: 1).first else { return }
        gauges.report(0, upTo: next, head: try await database.store.head(), position: lease.position)
    }

    /// What keeps it from working without being an event's fault must be seen, too.
    private func record(_ trouble: any Error, _ lease: Lease) async {
        guard trouble.isOfTheFollower, !Task.isCancelled else { return }
        do {
            try await database.pool.withConnection { try await lease.recordTrouble("\(trouble)", on: $0) }
            try await reportStandstill(lease)
        } catch {
            logger.debug("the trouble is not on record", metadata: ["follower": "\(follower)", "error": "\(error)"])
        }
    }

    private func release(_ lease: Lease) async {
        // In a task of its own, awaited here: when we are stopped, this one's statements must still be sent.
        await Task {
            do { try await database.pool.withConnection { try await lease.release(on: $0) } } catch {
                logger.debug("the lease ends by itself", metadata: ["follower": "\(lease.follower)", "error": "\(error)"])
            }
        }.value
    }
}

/// Does the work again and again until it is cancelled. Trouble is logged and tried again after a pause that grows; it never
/// ends a follower.
func persistently(_ logger: Logger, _ work: () async throws -> Void) async {
    var backoff = Backoff(from: .milliseconds(100), to: .seconds(5))
    while !Task.isCancelled {
        do {
            try await work()
            backoff.reset()
        } catch {
            if Task.isCancelled { break }
            let pause = backoff.next()
            logger.error("interrupted", metadata: ["error": "\(error)", "again in": "\(pause)"])
            try? await Task.sleep(for: pause)
        }
    }
}
