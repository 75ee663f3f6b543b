import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldImport

/// Files come from others, too.
@Suite("Hostile Unicode in a file costs its length", .timeLimit(.minutes(10))) struct HostileTextTests {
    static let lines = [
        "%@", #"{"%@":1}"#, #"{"command":"%@"}"#, #"{"command":"CreateUser","%@":1}"#, #"{"command":"CreateUser","id":"%@"}"#,
        #"{"command":"CreateUser","id":"6f1c1a52-7d5e-4a8b-9d57-0c1f2c3d4e5f","email":"%@","name":"%@"}"#,
    ]

    private let decoder = LineDecoder(
        commands: CommandBus(store: InMemoryEventStore(), policy: UsersPolicy.roles, commands: [CreateUser.self]),
        mapping: { record in record["name"].map { (name: "CreateUser", fields: ["name": $0, "email": $0]) } })

    @Test("in lines of JSON", arguments: lines) func json(_ line: String) {
        for kind in HostileText.allCases {
            let growth = Growth.measure(10_000) { size in
                let line = line.replacing("%@", with: kind.text(bytes: size))
                let decoded = ImportLine(
                    number: 1, size: 1, id: UUID(), content: decoder.decode(.bytes(Array(line.utf8)), header: nil))
                _ = decoded.streams
            }
            #expect(growth.isLinear, "\(line), \(kind): \(growth)")
        }
    }

    @Test("in records of CSV") func csv() {
        for kind in HostileText.allCases {
            let growth = Growth.measure(10_000) { size in
                let decoded = ImportLine(
                    number: 1, size: 1, id: UUID(),
                    content: decoder.decode(.bytes(Array(kind.text(bytes: size).utf8)), header: ["name"]))
                _ = decoded.streams
            }
            #expect(growth.isLinear, "\(kind): \(growth)")
        }
    }
}
