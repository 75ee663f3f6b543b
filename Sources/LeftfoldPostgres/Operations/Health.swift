import Foundation
import Leftfold
import LeftfoldDriver

/// What can be wrong with a database, looked at one by one. Nothing here throws: what cannot be looked at is not healthy.
public struct Health: Sendable {
    let database: LeftfoldDatabase
    let projections: [any PostgresProjection]

    public init(_ database: LeftfoldDatabase, projections: [any PostgresProjection]) {
        self.database = database
        self.projections = projections
    }

    /// What one look has found.
    public struct Finding: Codable, Sendable, Equatable {
        /// What was looked at, such as `schema`.
        public var check: String
        public var healthy: Bool
        /// Healthy enough to go on, but not as it should be: somebody must do something about it, or has done something that is to be ended.
        public var degraded: Bool
        /// For operators: what it is like, or what to do.
        public var detail: String

        public init(_ check: String, healthy: Bool, degraded: Bool = false, detail: String) {
            self.check = check
            self.healthy = healthy
            self.degraded = degraded
            self.detail = detail
        }
    }

    /// What requests need: the database, migrated, with its read tables.
    ///
    /// - Parameter roles: what the process is; the role that it connects as must have the rights of these.
    public func readiness(as roles: Set<DatabaseRole> = []) async -> [Finding] {
        let reachable = await databaseReachable()
        guard reachable.healthy else { return [reachable] }
        let schema = await schemaCurrent()
        let rights = roles.isEmpty || !schema.healthy ? [] : [await rights(of: roles)]
        let history = schema.healthy ? await history() : nil
        return [reachable, schema] + rights + [appendsAnswered()] + [history].compactMap { $0?.detail == "ok" ? nil : $0 }
    }

    /// No append of this process waits for its answer for longer than a commit takes.
    public func appendsAnswered() -> Finding {
        let waiting = database.store.appender.waiting
        guard waiting > .seconds(3) else { return Finding("appends", healthy: true, detail: "ok") }
        return Finding("appends", healthy: false, detail: "an append has been waiting for its answer for \(waiting.components.seconds) s")
    }

    public func databaseReachable() async -> Finding {
        await finding("database") {
            let version = try await database.pool.execute("SHOW server_version", timeout: .seconds(5)).first?.decode(String.self)
            return (true, "PostgreSQL \(version ?? "?")")
        }
    }

    public func schemaCurrent() async -> Finding {
        await finding("schema") {
            let pending = try await database.pendingMigrations()
            if !pending.isEmpty { return (false, "\(pending.count) migrations are missing; run migrate") }
            let live = Set(try await database.projectionStatuses().filter { $0.state == "live" }.map(\.projection))
            let missing = projections.map(\.name.rawValue).filter { !live.contains($0) }
            return missing.isEmpty ? (true, "up to date") : (false, "no tables for \(missing.joined(separator: ", ")); run migrate")
        }
    }

    /// How the projections are doing, to who only answers from what they have made: at worst that is degraded.
    public func projectionsSeen(maximumLag: Double) async -> [Finding] {
        await projectionsAtWork(maximumLag: maximumLag).map { finding in
            Finding(finding.check, healthy: true, degraded: finding.degraded || !finding.healthy, detail: finding.detail)
        }
    }

    /// Every projection is at work, is not stopped at an event, and is not falling behind. One that an operator has paused, or told to leave
    /// something out, is degraded.
    ///
    /// - Parameter maximumLag: in seconds.
    public func projectionsAtWork(maximumLag: Double) async -> [Finding] {
        do {
            let statuses = try await database.projectionStatuses()
            return projections.map { projection in
                let name = projection.name.rawValue
                let check = "projection \(name)"
                guard let status = statuses.first(where: { $0.projection == name && $0.state == "live" }) else {
                    return Finding(check, healthy: false, detail: "it has no tables; run migrate")
                }
                if let complaint = status.complaint { return Finding(check, healthy: false, detail: complaint) }
                guard status.position <= status.head else {
                    return Finding(
                        check, healthy: false,
                        detail:
                            "at \(status.position), beyond the log, which ends at \(status.head) and has lost what was applied: rebuild it")
                }
                guard status.codeVersion == projection.version else {
                    return Finding(
                        check, healthy: false,
                        detail: "its live generation \(status.generation) was built by version \(status.codeVersion) of the code; this is "
                            + "version \(projection.version): rebuild it")
                }
                let exclusions = status.exclusions.map { "; \($0)" } ?? ""
                if let pausedAt = status.pausedAt {
                    return Finding(
                        check, healthy: true, degraded: true,
                        detail: "paused since \(pausedAt.formatted(.iso8601)), \(status.eventsBehind) events behind; resume it\(exclusions)"
                    )
                }
                guard let worker = status.worker else {
                    return Finding(check, healthy: false, detail: "nobody works on it; \(status.eventsBehind) events behind\(exclusions)")
                }
                let lag = "\(status.eventsBehind) events (\(String(format: "%.1f", status.secondsBehind)) s) behind"
                return Finding(
                    check, healthy: status.secondsBehind <= maximumLag, degraded: !exclusions.isEmpty,
                    detail: "\(worker) at \(status.position), \(lag)\(exclusions)")
            }
        } catch {
            return [Finding("projections", healthy: false, detail: Self.describe(error))]
        }
    }

    /// Settings of the server that endanger what we promise, and things that get in each other's way.
    public func serverSettings() async -> [Finding] {
        let checks: [(String, SQL, String)] = [
            (
                "guards", "SELECT NOT EXISTS (SELECT FROM \(database.log).guards())",
                "triggers that keep the log right are missing or disabled, perhaps since a restore; see \(database.log).guards()"
            ),
            ("fsync", "SELECT current_setting('fsync') = 'on'", "fsync is off: a crash of the machine loses acknowledged events"),
            (
                "full_page_writes", "SELECT current_setting('full_page_writes') = 'on'",
                "full_page_writes is off: a crash may tear pages of the log"
            ),
            (
                "synchronous_commit", "SELECT current_setting('synchronous_commit') NOT IN ('off')",
                "synchronous_commit is off: a crash loses the last acknowledged events"
            ),
            (
                "prepared transactions", "SELECT NOT EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database())",
                "a prepared transaction is left behind; it may hold the append lock"
            ),
            (
                "notification queue", "SELECT pg_notification_queue_usage() < 0.1",
                "the notification queue fills up: some listener sleeps in a transaction"
            ),
        ]
        var findings: [Finding] = []
        for (name, sql, problem) in checks {
            findings.append(
                await finding(name) {
                    let healthy = try await database.pool.execute(sql, timeout: .seconds(5)).first?.decode(Bool.self) ?? false
                    return (healthy, healthy ? "ok" : problem)
                })
        }
        return findings + [await appendLockFree(), await history()]
    }

    /// Whether the log has lost events to a failover or a restore, as far as anybody knows. It is told, and not held against the log, which
    /// is as sound as it can be.
    public func history() async -> Finding {
        await finding("history") {
            let epochs = try await database.pool.execute(
                "SELECT began_at, reason, begins_after, ended_after, lost_up_to FROM \(database.log).epochs ORDER BY number",
                timeout: .seconds(5))
            var lost: [String] = []
            var current = "no epoch yet"
            for row in epochs {
                let (began, reason, beginsAfter, ended, lostUpTo) = try row.decode(
                    Date.self, String.self, GlobalPosition.self, GlobalPosition?.self, GlobalPosition?.self)
                if let ended, let lostUpTo { lost.append("\(ended.next)…\(lostUpTo)") }
                current = "since \(began.formatted(.iso8601)), after position \(beginsAfter): \(reason)"
            }
            if lost.isEmpty { return (true, epochs.count > 1 ? "\(epochs.count) epochs, the last \(current)" : "ok") }
            return (true, "events were stored and are lost: \(lost.joined(separator: ", ")); epoch \(current)")
        }
    }

    /// What others do is not told to every role: then who waits for the lock shows that somebody has it for long.
    private func appendLockFree() async -> Finding {
        await finding("append lock") {
            let holders = try await database.pool.execute(
                """
                SELECT format('process %s (role %s, %s)', l.pid, coalesce(a.usename, '?'), coalesce(nullif(a.application_name, ''), 'without a name'))
                FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a USING (pid)
                WHERE l.relation = to_regclass(\("\(database.log).append_lock")) AND l.granted
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                    AND (a.xact_start < clock_timestamp() - interval '5 seconds' OR EXISTS (
                        SELECT FROM pg_locks AS w
                        WHERE NOT w.granted AND w.relation = l.relation AND w.database = l.database
                            AND w.waitstart < clock_timestamp() - interval '2 seconds'))
                """, timeout: .seconds(5)
            ).map { try $0.decode(String.self) }
            return holders.isEmpty ? (true, "ok") : (false, "held up by \(holders.joined(separator: ", ")): no command gets through")
        }
    }

    func finding(_ check: String, _ look: () async throws -> (Bool, String)) async -> Finding {
        do {
            let (healthy, detail) = try await look()
            return Finding(check, healthy: healthy, detail: detail)
        } catch {
            return Finding(check, healthy: false, detail: Self.describe(error))
        }
    }

    private static func describe(_ error: any Error) -> String {
        if let refusal = error as? any Refusal { return refusal.message }
        if let error = error as? PostgresError, error.isConnectionFailure { return "The database cannot be reached." }
        return "\(error)"
    }
}
