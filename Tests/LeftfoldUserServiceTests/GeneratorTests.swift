import Crypto
import Foundation
import Leftfold
import LeftfoldUsers
import Testing

@testable import LeftfoldUsersGenerator

@Suite("The generated file")
struct GeneratorTests {
    private func file(_ count: Int, seed: UInt64, _ format: Generate.Format = .jsonl) throws -> [UInt8] {
        var file: [UInt8] = []
        try Generate.generate(count, seed: seed, format: format) { file += $0 }
        return file
    }

    @Test("is the same everywhere and for ever for the same seed")
    func golden() throws {
        let hash = { (bytes: [UInt8]) in SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        #expect(hash(try file(1000, seed: 1)) == "8d83fd44ac705a7c119c6d93ccd0a4b039b086962004bca0e8263fd22fe1a93a")
        #expect(hash(try file(1000, seed: 1, .csv)) == "9fa187a05f1fbb4f0e0b50b5cf393fe71ce2a9143d6c24f1012743f39d31faa2")
        #expect(try file(1000, seed: 2) != file(1000, seed: 1))
    }

    @Test("longer, begins as the shorter one")
    func prefix() throws { #expect(try file(500, seed: 3).starts(with: file(300, seed: 3))) }

    @Test("is mostly new users, and has every kind of trouble")
    func mixture() async throws {
        let lines = String(decoding: try file(20_000, seed: 7), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 20_000)
        let store = InMemoryEventStore()
        let bus = CommandBus(
            store: store, policy: UsersPolicy.roles,
            commands: [CreateUser.self, UpdateUser.self, DeactivateUser.self, ReactivateUser.self])
        var accepted: [String: Int] = [:]
        var refused: [String: Int] = [:]
        for line in lines {
            let fields = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
            guard let fields, let name = fields["command"] as? String else {
                refused["no_command", default: 0] += 1
                continue
            }
            let json = try JSONSerialization.data(withJSONObject: fields.filter { $0.key != "command" })
            do {
                _ = try await bus.send(named: name, json: [UInt8](json), CommandContext(principal: .localOperator(roles: ["admin"])))
                accepted[name, default: 0] += 1
            } catch let refusal as any Refusal {
                refused[refusal.code, default: 0] += 1
            }
        }
        let create = accepted["CreateUser"] ?? 0
        #expect((12_500...14_000).contains(create))
        #expect((2500...3800).contains(accepted["UpdateUser"] ?? 0))
        #expect((800...1400).contains(accepted["DeactivateUser"] ?? 0))
        #expect((400...900).contains(accepted["ReactivateUser"] ?? 0))
        let invalid = ["no_command", "unknown_command", "missing_field", "unknown_field", "wrong_type", "validation_failed"]
        for code in invalid + ["email_taken", "user_already_exists", "user_not_found", "user_deactivated", "user_already_active"] {
            #expect(refused[code] ?? 0 > 0, "\(code)")
        }
        #expect((50...150).contains(invalid.map { refused[$0] ?? 0 }.reduce(0, +)))
        #expect((200...1200).contains(refused["email_taken"] ?? 0))
        let events = try await store.read(after: .zero, limit: .max).map(\.type.rawValue)
        #expect(events.count < accepted.values.reduce(0, +), "some accepted lines change nothing")
    }

    @Test("has names from many scripts, composed and decomposed")
    func names() throws {
        let scalars = Set(String(decoding: try file(5000, seed: 1), as: UTF8.self).unicodeScalars)
        let wanted: [Unicode.Scalar] = ["é", "\u{301}", "ł", "λ", "ж", "ل", "ש", "王", "さ", "김", "प", "ท", "\u{20BB7}", "'", "’", "-"]
        #expect(wanted.filter { !scalars.contains($0) } == [])
    }

    @Test("as CSV has a header and new users only")
    func csv() throws {
        let lines = String(decoding: try file(100, seed: 1, .csv), as: UTF8.self).split(separator: "\r\n")
        #expect(lines.count == 101)
        #expect(lines.first == "id,email,name")
    }
}
