import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@testable import LeftfoldUsers

/// Every text of every command, from the wire and from code, with the text that costs careless code most.
@Suite("Hostile Unicode in what users are made of costs its length", .timeLimit(.minutes(10))) struct HostileTextTests {
    struct Field: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let read: @Sendable (_ text: String) -> Void

        init(_ name: String, _ read: @escaping @Sendable (_ text: String) -> Void) { (testDescription, self.read) = (name, read) }

        /// A command from the wire, with the text in one of its fields.
        static func wire<C: Command>(_ command: C.Type, _ field: String, _ others: String = "") -> Field {
            Field("\(C.name).\(field)") { text in
                let json = #"{"id":"6f1c1a52-7d5e-4a8b-9d57-0c1f2c3d4e5f",\#(others)"\#(field)":"\#(text)"}"#
                if let command = try? StrictJSON.decode(C.self, from: Array(json.utf8)) { HostileTextTests.send(command) }
            }
        }
    }

    /// What a bus does with it.
    private static func send(_ command: some Command) {
        let command = command.normalized()
        try? command.validate()
        _ = try? JSONEncoder().encode(command)
    }

    static let fields = [
        Field.wire(CreateUser.self, "email", #""name":"Ada","#), .wire(CreateUser.self, "name", #""email":"ada@example.com","#),
        .wire(UpdateUser.self, "email"), .wire(UpdateUser.self, "name"), .wire(DeactivateUser.self, "reason"),
        Field("CreateUser in code") { send(CreateUser(id: UUID(), email: $0 + "@example.com", name: $0)) },
        Field("CreateUser with a long domain, in code") { send(CreateUser(id: UUID(), email: "ada@" + $0 + ".example", name: "Ada")) },
        Field("UpdateUser in code") { send(UpdateUser(id: UUID(), email: $0, name: $0)) },
        Field("DeactivateUser in code") { send(DeactivateUser(id: UUID(), reason: $0)) },
        Field("what is searched for") { text in
            _ = Folding.folded(text)
            _ = EmailAddress.compared(text)
            _ = EmailAddress.compared("ada@" + text)
        },
        Field("a claim") { _ = Claim.email($0) },
    ]

    @Test("wherever it is read", arguments: fields)
    func everyField(_ field: Field) {
        for kind in HostileText.allCases {
            for size in [40, 1000, 10_000] {
                let growth = Growth.measure(size) { size in
                    let text = kind.text(bytes: size)
                    for _ in 0..<(size < 10_000 ? 10 : 1) { field.read(text) }
                }
                #expect(growth.isLinear, "\(field.testDescription), \(kind), \(size) bytes: \(growth)")
            }
        }
    }
}
