import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldPostgres

/// Failovers and restores, under a process that goes on.
@Suite("Another epoch of the log", .timeLimit(.minutes(10)))
struct EpochTests {
    private let principal = Principal(subject: "tester", roles: ["admin"])

    private func bus(_ database: LeftfoldDatabase) -> CommandBus {
        CommandBus(
            store: database.store, policy: UsersPolicy.roles, commands: [CreateUser.self, UpdateUser.self, DeactivateUser.self])
    }

    @Test("After a restore from an older backup nothing lost is decided on, repeated or promised, and it is told what is lost")
    func restored() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let name = try #require(configuration["dbname"])
            var elsewhere = configuration
            elsewhere["dbname"] = "postgres"
            let admin = try await Connection.connect(elsewhere, logger: TestDatabase.quiet)
            try await LeftfoldDatabase(configuration, logger: TestDatabase.quiet).running { database in
                let (commands, user, lost) = (bus(database), UUID(), UUID())
                func context(_ id: UUID = UUID()) -> CommandContext { CommandContext(commandID: id, principal: principal) }
                let created = try await commands.send(CreateUser(id: user, email: "a@example.com", name: "A"), context())
                let epoch = database.store.history.epoch
                #expect(epoch == .first)
                try await Self.copy(name, to: "\(name)_backup", on: admin)
                let deactivated = try await commands.send(DeactivateUser(id: user, reason: nil), context(lost))
                try await Self.copy("\(name)_backup", to: name, on: admin)

                // As in the log, and not as it is remembered.
                let renamed = try await Self.sent { try await commands.send(UpdateUser(id: user, name: "B"), context()) }
                #expect(renamed.streams.first?.version == 2)
                #expect(renamed.position == deactivated.position, "the same position means something else")
                // Lost, it is stored when it comes again.
                let again = try await commands.send(DeactivateUser(id: user, reason: nil), context(lost))
                #expect(again.streams.first?.version == 3)

                let history = database.store.history
                #expect(history.epoch != epoch)
                #expect(try await history.position(of: epoch.token(for: created.position)) == created.position)
                await #expect(throws: PositionLost.self) { try await history.position(of: epoch.token(for: deactivated.position)) }
                let told = await Health(database, projections: []).history()
                #expect(told.detail.contains("lost: \(deactivated.position)…\(deactivated.position)"), "\(told)")
                #expect(await Health(database, projections: []).readiness().contains(told))
            }
            try await admin.execute(script: "DROP DATABASE \"\(name)_backup\" WITH (FORCE)")
            await admin.close()
        }
    }

    /// While connections are cut, nothing is stored, and it is said so.
    private static func sent(_ send: () async throws -> Receipt) async throws -> Receipt {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await send()
            } catch let error where (error is Unavailable || error is EpochEnded) && ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private static func copy(_ from: String, to: String, on admin: Connection) async throws {
        try await admin.execute(script: "DROP DATABASE IF EXISTS \"\(to)\" WITH (FORCE)")
        try await eventually("it can be copied") {
            try await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(from)")
            return (try? await admin.execute(script: "CREATE DATABASE \"\(to)\" TEMPLATE \"\(from)\"")) != nil
        }
    }

    @Test("A standby that takes over begins another, and who comes from the one before is told")
    func promoted() async throws {
        let primary = TestServer()
        try await TestDatabase.with(on: primary) { database in
            let stream = try Note.stream()
            _ = try await database.store.append(Note.append(to: stream, ["1"]))
            try await primary.withStandby(of: database.configuration) { standby in
                let admin = try await Connection.connect(standby, logger: TestDatabase.quiet)
                try await eventually("it has the event") {
                    try await admin.execute("SELECT position FROM leftfold.events").count == 1
                }
                try await admin.execute("SELECT pg_promote()")
                try await eventually("it is the primary") {
                    try await admin.execute("SELECT WHERE pg_is_in_recovery()").isEmpty
                }
                let other = LeftfoldDatabase(standby, logger: TestDatabase.quiet)
                var command = Note.command("2")
                command.epoch = .first
                let append = Append(
                    command, StreamWrite(stream, expected: .exactly(1), events: [NewEvent(type: "Noted", data: Array("{}".utf8))]))
                let epoch = await other.store.history.current()
                #expect(epoch != .first)
                await #expect(throws: EpochEnded.self) { try await other.store.append(append) }
                // As if a pooler had changed the server behind the connection.
                let error = await #expect(throws: PostgresError.self) {
                    try await admin.execute(try AppendCall.sql(for: [[append]], in: other.log))
                }
                #expect(error?.sqlState == .epochEnded)
                command.epoch = epoch
                let now = Append(
                    command, StreamWrite(stream, expected: .exactly(1), events: [NewEvent(type: "Noted", data: Array("{}".utf8))]))
                #expect(try await other.store.append(now).isAppended)
                #expect(await Health(other, projections: []).history().detail.contains("timeline"))
                await other.close()
                await admin.close()
            }
        }
        try await primary.stop()
    }

    @Test("A log that is shorter than it was seen has lost its end, also where the server does not know")
    func shorter() async throws {
        try await TestDatabase.with { database in
            let epochs: (Int32, Int64) async throws -> [Int32] = { tag, head in
                try await database.pool.execute("SELECT tag FROM leftfold.enter_epoch(\(tag), \(head)) WHERE ended_after IS NULL")
                    .map { try $0.decode(Int32.self) }
            }
            _ = try await database.store.append(Note.append(to: try Note.stream(), ["1"]))
            #expect(try await epochs(0, 1) == [0])
            #expect(try await epochs(17, 5) == [0], "of another history nothing is known")
            let second = try await epochs(0, 5)
            #expect(second.count == 1 && second != [0])
            #expect(try await epochs(0, 5) == second, "it begins once")
            let lost = try await database.pool.execute("SELECT ended_after, lost_up_to FROM leftfold.epochs WHERE tag = 0").first?
                .decode(Int64.self, Int64.self)
            #expect(lost?.0 == 1 && lost?.1 == 5)
        }
    }

    @Test("An operator can begin one, with a reason")
    func begun() async throws {
        try await TestDatabase.with { database in
            _ = await database.store.history.current()
            try await database.pool.execute("SELECT leftfold.begin_epoch('the disk was restored')")
            let receipt = try await bus(database).send(
                CreateUser(id: UUID(), email: "a@example.com", name: "A"), CommandContext(principal: principal))
            #expect(receipt.position == 1)
            #expect(database.store.history.epoch != .first)
            for reason in ["", String(repeating: "x", count: 1001)] {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pool.execute("SELECT leftfold.begin_epoch(\(reason))")
                }
                #expect(error?.sqlState == SQLState("LF006"))
            }
        }
    }
}
