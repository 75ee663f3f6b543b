import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

/// Invariant I9, on the user directory.
@Suite struct ReadYourWritesTests {
    private let principal = Principal(subject: "tester", roles: ["admin"])

    private func buses(_ database: LeftfoldDatabase) -> (CommandBus, QueryBus) {
        let models = ReadModels(database)
        return (
            CommandBus(
                store: database.store, policy: UsersPolicy.roles, commands: [CreateUser.self, UpdateUser.self, DeactivateUser.self]),
            QueryBus(
                policy: UsersPolicy.roles,
                handlers: [
                    models.handler(for: GetUser.self), models.handler(for: ListUsers.self), models.handler(for: GetUserHistory.self),
                ])
        )
    }

    private func context(after: GlobalPosition? = nil, patience: Duration = .seconds(20)) -> QueryContext {
        QueryContext(principal: principal, correlationID: "test", after: after, patience: patience)
    }

    @Test("A query with the receipt's position sees the write, every time")
    func sees() async throws {
        try await TestDatabase.with { database in
            let (commands, queries) = buses(database)
            try await database.createReadTables([UserDirectory()])
            try await database.projecting(UserDirectory()) {
                for number in 0..<50 {
                    let id = UUID()
                    let created = try await commands.send(
                        CreateUser(id: id, email: "u\(number)@example.com", name: "U"), CommandContext(principal: principal))
                    let answered = try await queries.ask(GetUser(id: id), context(after: created.position))
                    #expect(answered.value.version == 1)
                    #expect(answered.position >= created.position)
                    let renamed = try await commands.send(UpdateUser(id: id, name: "V\(number)"), CommandContext(principal: principal))
                    #expect(try await queries.ask(GetUser(id: id), context(after: renamed.position)).value.name == "V\(number)")
                }
            }
        }
    }

    @Test("Without a projector, a query that demands the write says so in time; one that does not answers at once")
    func tooLate() async throws {
        try await TestDatabase.with { database in
            let (commands, queries) = buses(database)
            try await database.createReadTables([UserDirectory()])
            let id = UUID()
            let receipt = try await commands.send(
                CreateUser(id: id, email: "a@example.com", name: "A"), CommandContext(principal: principal))
            let error = await #expect(throws: NotYetVisible.self) {
                try await queries.ask(GetUser(id: id), context(after: receipt.position, patience: .milliseconds(50)))
            }
            #expect(error == NotYetVisible(wanted: receipt.position, reached: .zero))
            await #expect(throws: NotFound.self) { try await queries.ask(GetUser(id: id), context()) }
        }
    }

    @Test("Without read tables, a query is unavailable")
    func noTables() async throws {
        try await TestDatabase.with { database in
            let (_, queries) = buses(database)
            await #expect(throws: Unavailable.self) { try await queries.ask(GetUser(id: UUID()), context()) }
        }
    }

    @Test("Lists page, filter and search; what people type is text, not a pattern")
    func lists() async throws {
        try await TestDatabase.with { database in
            let (commands, queries) = buses(database)
            let names = ["Ada", "Bela_", "Čeněk", "D%", "Eve\\"]
            var last = GlobalPosition.zero
            var ids: [UUID] = []
            for (number, name) in names.enumerated() {
                ids.append(UUID())
                last = try await commands.send(
                    CreateUser(id: ids[number], email: "u\(number)@example.com", name: name), CommandContext(principal: principal)
                ).position
            }
            last = try await commands.send(DeactivateUser(id: ids[0], reason: "left"), CommandContext(principal: principal)).position
            try await database.createReadTables([UserDirectory()])
            try await database.projecting(UserDirectory()) { () async throws in
                func list(_ query: ListUsers) async throws -> [String] {
                    try await queries.ask(query, context(after: last)).value.users.map(\.name)
                }
                #expect(try await list(ListUsers()) == names)
                #expect(try await list(ListUsers(limit: 2, offset: 1)) == ["Bela_", "Čeněk"])
                #expect(try await queries.ask(ListUsers(limit: 5), context()).value.hasMore == false)
                #expect(try await queries.ask(ListUsers(limit: 4), context()).value.hasMore)
                #expect(try await list(ListUsers(status: "deactivated")) == ["Ada"])
                #expect(try await list(ListUsers(search: "_")) == ["Bela_"])
                #expect(try await list(ListUsers(search: "%")) == ["D%"])
                #expect(try await list(ListUsers(search: "\\")) == ["Eve\\"])
                #expect(try await list(ListUsers(search: "ČENĚK")) == ["Čeněk"])
                #expect(try await list(ListUsers(search: "u3@EXAMPLE")) == ["D%"])
            }
        }
    }

    @Test("The history tells every change, who made it and with which command")
    func history() async throws {
        try await TestDatabase.with { database in
            let (commands, queries) = buses(database)
            let id = UUID()
            _ = try await commands.send(CreateUser(id: id, email: "a@example.com", name: "A"), CommandContext(principal: principal))
            let command = CommandContext(principal: principal)
            let receipt = try await commands.send(DeactivateUser(id: id, reason: nil), command)
            try await database.createReadTables([UserHistory()])
            try await database.projecting(UserHistory()) {
                let history = try await queries.ask(GetUserHistory(id: id), context(after: receipt.position)).value
                #expect(history.changes.map(\.type) == ["UserCreated", "UserDeactivated"])
                #expect(history.changes.map(\.version) == [1, 2])
                #expect(history.changes.last?.commandID == command.commandID)
                #expect(history.changes.last?.principal == "tester")
            }
        }
    }
}
