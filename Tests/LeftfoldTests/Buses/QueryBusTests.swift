import Foundation
import Leftfold
import Testing

private struct GetBalance: Query {
    struct Answer: Codable, Sendable, Equatable { var balance: Int }
    static let permission: Permission = "accounts:read"
    static let reads: [ProjectionName] = ["balances"]
    var account: String
    func validate() throws(ValidationError) {
        if account.isEmpty { throw ValidationError("account", "must not be empty") }
    }
}

private struct CountAccounts: Query {
    typealias Answer = Int
    static let permission: Permission = "accounts:count"
    static let reads: [ProjectionName] = ["balances"]
}

@Suite("The query bus")
struct QueryBusTests {
    let recording = Recording()

    private func bus() -> QueryBus {
        QueryBus(
            policy: bankPolicy,
            handlers: [
                QueryHandler(GetBalance.self) { [recording] query, context in
                    recording.note("asked for \(query.account)")
                    return Answered(.init(balance: 7), at: context.after ?? 3)
                }
            ],
            middleware: [
                RecordingMiddleware(name: "outer", recording: recording),
                RecordingMiddleware(name: "inner", recording: recording),
            ])
    }

    private func context(_ principal: Principal = teller, after: GlobalPosition? = nil) -> QueryContext {
        QueryContext(principal: principal, correlationID: "conversation", after: after)
    }

    @Test("answers, and says how new the answer is")
    func answers() async throws {
        let answered = try await bus().ask(GetBalance(account: "Ada"), context(after: 9))
        #expect(answered.value == .init(balance: 7))
        #expect(answered.position == 9)
        #expect(
            recording.all == [
                "outer in GetBalance", "inner in GetBalance", "asked for Ada", "inner out GetBalance", "outer out GetBalance",
            ])
    }

    @Test("answers in JSON to a name and JSON")
    func named() async throws {
        #expect(bus().names == ["GetBalance"])
        let answered = try await bus().ask(named: "GetBalance", json: Array(#"{"account":"Ada"}"#.utf8), context())
        #expect(String(decoding: answered.value, as: UTF8.self) == #"{"balance":7}"#)
        #expect(answered.position == 3)
    }

    @Test("denies what the policy does not grant, before anything else is looked at")
    func denied() async {
        await #expect(throws: Forbidden("accounts:read")) { try await bus().ask(GetBalance(account: ""), context(stranger)) }
        #expect(recording.all == [])
    }

    @Test("refuses what is invalid")
    func invalid() async {
        await #expect(throws: ValidationError("account", "must not be empty")) {
            try await bus().ask(GetBalance(account: ""), context())
        }
        #expect(recording.all == [])
    }

    @Test("refuses names it does not know and types without a handler")
    func unknown() async {
        await #expect(throws: UnknownName.query("Rob")) { try await bus().ask(named: "Rob", json: [], context()) }
        await #expect(throws: UnknownName.query("CountAccounts")) { try await bus().ask(CountAccounts(), context()) }
    }

    @Test("refuses malformed JSON", arguments: ["", "{}", #"{"account":1}"#, #"{"account":"Ada","all":true}"#])
    func malformed(json: String) async {
        await #expect(throws: MalformedInput.self) { try await bus().ask(named: "GetBalance", json: Array(json.utf8), context()) }
    }
}
