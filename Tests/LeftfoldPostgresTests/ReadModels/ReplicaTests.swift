import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// Queries that are read from a streaming standby.
@Suite struct ReplicaTests {
    @Test("A demanded write is waited for, missed with an error when replay stands still, and seen when it goes on")
    func replay() async throws {
        let primary = TestServer(settings: ["hot_standby_feedback": "on"])
        try await TestDatabase.with(on: primary) { setUp in
            try await setUp.createReadTables([Board()])
            try await primary.withStandby(of: setUp.configuration) { standby in
                let admin = try await Connection.connect(standby, logger: TestDatabase.quiet)
                let database = LeftfoldDatabase(setUp.configuration, reads: standby, logger: TestDatabase.quiet)
                try await database.running { database in
                    try await database.projecting(Board()) {
                        let queries = QueryBus(
                            policy: RolePolicy(["reader": ["notes:read"]]),
                            handlers: [ReadModels(database).handler(for: PatientNote.self)], cache: QueryCache(database.progress))
                        let stream = try Note.stream()
                        func write(_ text: String) async throws -> GlobalPosition {
                            _ = try await database.store.append(Note.append(to: stream, [text]))
                            return try await database.store.head()
                        }
                        func ask(after: GlobalPosition? = nil, patience: Duration = .seconds(60)) async throws -> Answered<BoardRow> {
                            try await queries.ask(PatientNote(note: stream.rawValue), .reader(after: after, patience: patience))
                        }
                        try await eventually("all are at work") {
                            let position = try await write("first")
                            return (try? await ask(after: position)) != nil
                        }
                        // Read your writes, every time.
                        for number in 0..<20 {
                            let position = try await write("\(number)")
                            let answered = try await ask(after: position)
                            #expect(answered.value.text == "\(number)")
                            #expect(answered.position >= position)
                        }

                        try await admin.execute("SELECT pg_wal_replay_pause()")
                        try await eventually("replay stands still") {
                            try await admin.execute("SELECT WHERE pg_get_wal_replay_pause_state() = 'paused'").count == 1
                        }
                        let position = try await write("late")
                        let error = await #expect(throws: NotYetVisible.self) {
                            try await ask(after: position, patience: .milliseconds(100))
                        }
                        #expect(error?.reached == GlobalPosition(rawValue: position.rawValue - 1))
                        // What is not demanded is answered from the past, and not kept as if it were of now.
                        try await eventually("the primary has announced it") {
                            database.progress.marks(of: [Board.name]).map { $0.position >= position } ?? false
                        }
                        #expect(try await ask().value.text == "19")
                        #expect(try await ask().value.text == "19")

                        async let waiting = ask(after: position)
                        try await admin.execute("SELECT pg_wal_replay_resume()")
                        #expect(try await waiting.value.text == "late")
                        #expect(try await ask().value.text == "late")

                        // What a replica told is kept, and watched, while the primary announces nothing else.
                        try await eventually("it is kept") { try await ask().cache == .hit }
                        var live = queries.watch(PatientNote(note: stream.rawValue), .reader()).makeAsyncIterator()
                        #expect(try await live.next()?.value.text == "late")
                        _ = try await write("live")
                        #expect(try await live.next()?.value.text == "live")
                    }
                }
                await admin.close()
            }
        }
        try await primary.stop()
    }
}

/// A note that may take its time: a standby on a busy machine does.
private struct PatientNote: PostgresQuery {
    typealias Answer = BoardRow
    static let permission: Permission = "notes:read"
    static let reads = [Board.name]
    static let timeout = Duration.seconds(60)
    var note: String

    var statement: SQL { GetNote(note: note).statement }
    func answer(_ rows: Rows) throws -> BoardRow { try GetNote(note: note).answer(rows) }
    func dependencies(of answer: BoardRow) -> Dependencies { GetNote(note: note).dependencies(of: answer) }
}
