import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// Invariant I4: whoever sees position p can see all of 1…p. By schedule, not by luck.
@Suite struct OrderTests {
    @Test("The journal's newest entry is the last one written, also when the clock went back")
    func clockWentBack() async throws {
        try await TestDatabase.with { database in
            // Written by a clock that is a day ahead of ours.
            _ = try await database.pool.execute(
                """
                INSERT INTO leftfold.commands_without_events
                    (position, received_at, finished_at, command_id, digest, name, principal, correlation_id, outcome, code, streams)
                SELECT 0, clock_timestamp() + interval '1 day', clock_timestamp() + interval '1 day', gen_random_uuid(), '\\x00', 'Early', 'p', 'c',
                    'rejected', 'no', '{}'
                """)
            _ = try await database.store.record(RefusedCommand(Note.command("late"), for: [], .rejected, code: "no"))
            try await database.note(1)
            let entries = try await database.store.journal(JournalFilter(limit: 10))
            #expect(entries.map(\.name) == ["Note", "Note", "Early"])
            #expect(entries.map(\.outcome.rawValue) == ["accepted", "rejected", "rejected"])
        }
    }

    /// The first appender holds its transaction open after it got its positions; the second one has begun. Whatever the
    /// first one does then, a reader that polls all the while never sees a position before the ones below it.
    @Test("Two appenders in interleaved open transactions: no position is ever skipped", arguments: ["COMMIT", "ROLLBACK"])
    func interleaved(_ end: String) async throws {
        try await TestDatabase.with { database in
            let (first, second) = (
                try await TestDatabase.connectToHold(database.configuration), try await TestDatabase.connectToHold(database.configuration)
            )
            try await database.note(2)
            var seen: [Int64] = []
            func look() async throws {
                let after = GlobalPosition(rawValue: seen.last ?? 0)
                seen += try await database.store.read(after: after, limit: 100).map(\.position.rawValue)
            }

            try await first.execute("BEGIN")
            #expect(try await append(2, on: first) == 4)
            try await look()
            #expect(seen == [1, 2], "what is not committed is not seen")

            let waiting = Task { try await append(1, on: second) }
            let pid = await second.backendProcessID
            try await eventually("the second appender waits for the first") {
                try await database.pool.execute("SELECT cardinality(pg_blocking_pids(\(pid))) > 0").first?.decode(Bool.self) ?? false
            }
            try await look()
            #expect(seen == [1, 2])

            try await first.execute(SQL(unsafe: end))
            let position = try await waiting.value
            try await look()
            if end == "COMMIT" {
                #expect(position == 5)
                #expect(seen == [1, 2, 3, 4, 5])
            } else {
                #expect(position == 3, "a rolled back position is given out again")
                #expect(seen == [1, 2, 3])
            }
            await first.close()
            await second.close()
        }
    }

    @Test("A transaction that is open elsewhere holds up neither appends nor readers")
    func strangers() async throws {
        try await TestDatabase.with { database in
            let stranger = try await TestDatabase.connectToHold(database.configuration)
            try await stranger.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            try await stranger.execute("CREATE TABLE unrelated (x int)")
            try await database.note(3)
            #expect(try await database.store.read(after: .zero, limit: 10).count == 3)
            await stranger.close()
        }
    }

    @Test("An append on an older snapshot is refused instead of guessing")
    func oldSnapshot() async throws {
        try await TestDatabase.with { database in
            let connection = try await TestDatabase.connectToHold(database.configuration)
            try await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            await #expect(throws: PostgresError.self) { try await append(1, on: connection) }
            await connection.close()
        }
    }

    @Test("A reader that polls during 2 000 appends of 16 writers sees a dense log at every look")
    func dense() async throws {
        try await TestDatabase.with { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 { group.addTask { try await database.note(125) } }
                group.addTask {
                    var position = GlobalPosition.zero
                    // `read` throws at the first hole.
                    while position < 2000 {
                        position = try await database.store.read(after: position, limit: 64).last?.position ?? position
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.store.head() == 2000)
        }
    }

    /// Calls the function by itself, as psql would, and returns the last position.
    private func append(_ count: Int, on connection: Connection) async throws -> Int64 {
        let stream = try Note.stream()
        let data = (0..<count).map { _ in JSONBytes(Array("{}".utf8)) }
        return try await connection.execute(
            """
            SELECT head FROM leftfold.append(
                \([UUID()]), \([Data("x".utf8)]), ARRAY['Note'], ARRAY['me'], ARRAY['c'], NULL, ARRAY[now()],
                \([stream]), ARRAY[0]::bigint[], \(data.map { _ in "Noted" }), \(data), p_event_writes => \(data.map { _ in Int32(1) }))
            """
        ).first?.decode(Int64.self) ?? 0
    }
}
