import Foundation
import Leftfold
import LeftfoldUsers
import Testing

/// Through the bus, in memory: what a client sends, and what it is told.
@Suite("User commands on the wire")
struct UserCommandsOnTheWireTests {
    static let id = "7f1c0000-0000-4000-8000-000000000001"
    let store = InMemoryEventStore()
    let admin = Principal(subject: "admin", roles: ["admin"])

    private var bus: CommandBus {
        CommandBus(
            store: store, policy: UsersPolicy.roles,
            commands: [CreateUser.self, UpdateUser.self, DeactivateUser.self, ReactivateUser.self])
    }

    @discardableResult
    private func send(_ name: String, _ json: String) async throws -> Receipt {
        try await bus.send(named: name, json: Array(json.utf8), CommandContext(principal: admin))
    }

    @Test("a life")
    func life() async throws {
        try await send("CreateUser", #"{"id":"\#(Self.id)","email":"Ada@Example.org","name":"Ada"}"#)
        try await send("UpdateUser", #"{"id":"\#(Self.id)","name":"Ada Lovelace","email":null}"#)
        try await send("DeactivateUser", #"{"id":"\#(Self.id)","reason":"has left"}"#)
        let receipt = try await send("ReactivateUser", #"{"id":"\#(Self.id)"}"#)
        #expect(receipt.stream?.rawValue == "user-\(Self.id)")
        #expect(receipt.version == 4)
    }

    @Test("two active users never share an address; a deactivated one gives it up")
    func uniqueAddress() async throws {
        let (one, two) = (UUID(), UUID())
        try await send("CreateUser", #"{"id":"\#(one)","email":"ada@example.org","name":"Ada"}"#)
        let taken = Rejected(code: "email_taken", message: "This email is already in use.")
        await #expect(throws: taken) { try await send("CreateUser", #"{"id":"\#(two)","email":"ADA@example.org","name":"Bea"}"#) }
        try await send("CreateUser", #"{"id":"\#(two)","email":"bea@example.org","name":"Bea"}"#)
        await #expect(throws: taken) { try await send("UpdateUser", #"{"id":"\#(two)","email":"ada@EXAMPLE.org"}"#) }
        try await send("DeactivateUser", #"{"id":"\#(one)"}"#)
        try await send("UpdateUser", #"{"id":"\#(two)","email":"ada@example.org"}"#)
        await #expect(throws: taken) { try await send("ReactivateUser", #"{"id":"\#(one)"}"#) }
        try await send("UpdateUser", #"{"id":"\#(two)","email":"bea@example.org"}"#)
        try await send("ReactivateUser", #"{"id":"\#(one)"}"#)
        try await send("UpdateUser", #"{"id":"\#(one)","email":"ADA@example.org"}"#)
    }

    @Test(
        "what is malformed is told so that it can be mended",
        arguments: [
            ("CreateUser", #"{"id":"\#(id)","name":"Ada"}"#, "The field “email” is missing."),
            ("CreateUser", #"{"id":"1","email":"a@b.c","name":"Ada"}"#, "“id” is not valid."),
            ("CreateUser", #"{"id":"\#(id)","email":5,"name":"Ada"}"#, "“email” is not of the type String."),
            ("CreateUser", #"{"id":"\#(id)","email":null,"name":"Ada"}"#, "“email” is null, but must be of the type String."),
            ("CreateUser", #"{"id":"\#(id)","email":"a@b.c","name":"Ada","role":"admin"}"#, "The field “role” is not known."),
            ("UpdateUser", #"{"id":"\#(id)","name":"A","name":"B"}"#, "The field “name” is there twice."),
            ("UpdateUser", #"{"id":"\#(id)","nmae":"A"}"#, "The field “nmae” is not known."),
            ("DeactivateUser", #"{"id":"\#(id)","reason":["x"]}"#, "“reason” is not of the type String."),
            ("ReactivateUser", #"{"id":"\#(id)","reason":"x"}"#, "The field “reason” is not known."),
            ("ReactivateUser", "", "The JSON ends too early."),
        ])
    func malformed(name: String, json: String, message: String) async {
        let error = await #expect(throws: MalformedInput.self) { try await send(name, json) }
        #expect(error?.message == message)
    }
}
