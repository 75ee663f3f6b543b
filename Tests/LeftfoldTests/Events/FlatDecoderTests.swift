import Foundation
import LeftfoldTesting
import Testing

@testable import Leftfold

/// The fast way to read an event, against the one that counts.
@Suite("An event that is read without Foundation")
struct FlatDecoderTests {
    @Test("is what Foundation reads, value or refusal, whatever its bytes are", arguments: SeededGenerator.seeds(4))
    func equality(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var (fast, all) = (0, 0)
        for _ in 0..<4000 {
            var stored = try EventCodec.encode(Crate.random(using: &random))
            for damage in 0..<3 {
                if damage > 0 { stored.data.damage(using: &random) }
                try expectEqual(stored, "seed \(seed)")
                if FlatDecoder.decode(Crate.self, type: stored.type.rawValue, fields: stored.data) != nil { fast += 1 }
                all += 1
            }
        }
        #expect(fast > all / 10, "the fast way is hardly taken: \(fast) of \(all)")
    }

    @Test("is what Foundation reads in texts of JSON that nobody would write", arguments: SeededGenerator.seeds(4))
    func texts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<8000 {
            let type = Crate.types.randomElement(using: &random) ?? "Sent"
            try expectEqual(NewEvent(type: type, data: [UInt8](JSONText.object(using: &random).utf8)), "seed \(seed)")
        }
    }

    @Test(
        "is read by it where it is small and flat",
        arguments: [
            #"Sent {"to":"Oslo","grams":250,"fragile":true}"#, #"Sent { "fragile" : false , "grams" : -1 , "to" : "Ærø" , "more" : null }"#,
            #"Weighed {"kilos":0.125,"id":"6F9619FF-8B86-D011-B42D-00CF4FC964FF","at":"2026-01-01T00:00:00Z","state":"lost","small":7}"#,
            "Lost {}", #"Noted {"note":null}"#, #"Noted {}"#, #"Labelled {"label":"a"}"#,
        ])
    func sure(stored: String) throws {
        let (type, data) = try #require(stored.firstIndex(of: " ").map { (stored[..<$0], stored[$0...].dropFirst()) })
        #expect(FlatDecoder.decode(Crate.self, type: String(type), fields: [UInt8](data.utf8)) != nil)
        try expectEqual(NewEvent(type: EventType(String(type)), data: [UInt8](data.utf8)), stored)
    }

    @Test(
        "is left to Foundation where there is any doubt",
        arguments: [
            #"{"to":"a\u0041","grams":1,"fragile":true}"#, #"{"to":"a","grams":1.0,"fragile":true}"#,
            #"{"to":"a","grams":1e2,"fragile":true}"#,
            #"{"to":"a","grams":1,"fragile":true,"grams":2}"#, #"{"to":"a","grams":1,"fragile":true,"more":[]}"#,
            #"{"to":"a","grams":1,"fragile":true,"more":01}"#, #"{"to":"a","grams":9223372036854775807,"fragile":true}"#,
            #"{"to":"a","grams":1,"fragile":true} x"#, #"{"to":"a","grams":1,"fragile":true,}"#, #"{"to":1,"grams":1,"fragile":true}"#,
            #"{"grams":1,"fragile":true}"#, "[]", "", "{", "\u{FEFF}{}",
        ])
    func doubtful(fields: String) throws {
        #expect(FlatDecoder.decode(Crate.self, type: "Sent", fields: [UInt8](fields.utf8)) == nil)
        try expectEqual(NewEvent(type: "Sent", data: [UInt8](fields.utf8)), fields)
    }

    @Test("does not count where a type goes on without what was doubtful")
    func swallowed() throws {
        for fields in [#"{"amount":1.0}"#, #"{"amount":[1]}"#, #"{"amount":1}"#, #"{"amount":"1"}"#] {
            let stored = NewEvent(type: "Guessed", data: [UInt8](fields.utf8))
            #expect(try EventCodec.decode(Lenient.self, from: stored) == EventCodec.foundationDecode(Lenient.self, from: stored))
        }
    }

    private func expectEqual(_ stored: NewEvent, _ comment: String) throws {
        // By what is stored of it, too: 0 and -0 are equal.
        func outcome(_ decode: (Crate.Type, NewEvent) throws -> Crate) -> Result<String, Refused> {
            Result { () throws(Refused) in
                do { return try Self.storedForm(of: try decode(Crate.self, stored)) } catch { throw Refused(description: "\(error)") }
            }
        }
        #expect(
            outcome(EventCodec.decode) == outcome(EventCodec.foundationDecode),
            "\(comment): \(stored.type) \(String(decoding: stored.data, as: UTF8.self))")
    }

    private static func storedForm(of event: Crate) throws -> String {
        let stored = try EventCodec.encode(event)
        return "\(stored.type) \(String(decoding: stored.data, as: UTF8.self))"
    }

    private struct Refused: Error, Equatable { let description: String }
}

/// Fields of every type that the fast way knows, and of those that it leaves to Foundation.
private enum Crate: Leftfold.Event {
    case sent(to: String, grams: Int, fragile: Bool)
    case weighed(kilos: Double, id: UUID, at: Date, state: State, small: Int8)
    case counted(big: UInt64, long: Int64, short: Float, byte: UInt8?)
    case noted(note: String?, times: Int?, share: Double?, isLast: Bool?, id: UUID?, at: Date?)
    case packed(items: [String], weights: [String: Int], size: Size)
    case photographed(data: Data, at: URL, price: Decimal)
    case labelled(label: Label)
    case lost

    enum State: String, Codable { case moving, lost }
    struct Size: Codable, Equatable { var width: Int, height: Int? }
    struct Label: Codable, Equatable {
        let text: String
        init(text: String) { self.text = text }
        init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case sent = "Sent", weighed = "Weighed", counted = "Counted", noted = "Noted", packed = "Packed", photographed = "Photographed"
        case labelled = "Labelled", lost = "Lost"
    }

    static func random(using random: inout SeededGenerator) -> Crate {
        func integer<T: FixedWidthInteger>(_: T.Type = T.self) -> T {
            [
                0, 1, T.min, T.max, T(truncatingIfNeeded: Int.random(in: -100...100, using: &random)),
                .random(in: .min ... .max, using: &random),
            ]
            .randomElement(using: &random) ?? 0
        }
        func text() -> String { ["", "a", "Ærø", "two words", "\"", "\\", "\n", "🧵", "1", "null"].randomElement(using: &random) ?? "" }
        func double() -> Double {
            [
                0, -0.0, 0.1, 1e300, .leastNonzeroMagnitude, Double(Int.random(in: -999_999...999_999, using: &random)) / 1000,
                .random(in: -1...1, using: &random),
            ]
            .randomElement(using: &random) ?? 0
        }
        func maybe<T>(_ value: T) -> T? { Bool.random(using: &random) ? value : nil }
        let date = Date(timeIntervalSince1970: Double(Int.random(in: -99_999_999_999...99_999_999_999, using: &random)) / 1000)
        let state = Bool.random(using: &random) ? State.moving : .lost
        let bits = (UInt64.random(in: 0 ... .max, using: &random), UInt64.random(in: 0 ... .max, using: &random))
        let id = withUnsafeBytes(of: bits) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .sent(to: text(), grams: integer(), fragile: Bool.random(using: &random))
        case 1: return .weighed(kilos: double(), id: id, at: date, state: state, small: integer())
        case 2:
            return .counted(
                big: integer(), long: integer(), short: Float(Int16.random(in: .min ... .max, using: &random)) / 8, byte: maybe(integer()))
        case 3:
            return .noted(
                note: maybe(text()), times: maybe(integer()), share: maybe(double()), isLast: maybe(true), id: maybe(id), at: maybe(date))
        case 4: return .packed(items: [text()], weights: [text(): integer()], size: Size(width: integer(), height: maybe(integer())))
        case 5:
            return .photographed(
                data: Data(text().utf8), at: URL(filePath: "/tmp/a"), price: Decimal(Int.random(in: 0...9999, using: &random)) / 100)
        case 6: return .labelled(label: Label(text: text()))
        default: return .lost
        }
    }
}

/// Reads a number where there is one, and goes on without it otherwise.
private enum Lenient: Leftfold.Event {
    case guessed(amount: Amount)
    struct Amount: Codable, Equatable {
        let value: Int?
        init(from decoder: any Decoder) throws { value = try? decoder.singleValueContainer().decode(Int.self) }
        func encode(to encoder: any Encoder) throws {}
    }
    enum CodingKeys: String, CodingKey, CaseIterable { case guessed = "Guessed" }
}

extension [UInt8] {
    fileprivate mutating func damage(using random: inout SeededGenerator) {
        guard let index = indices.randomElement(using: &random), let other = indices.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: self[index] = UInt8.random(in: 0...255, using: &random)
        case 1: remove(at: index)
        case 2: insert(UInt8.random(in: 0x20...0x7E, using: &random), at: index)
        case 3: swapAt(index, other)
        case 4: replaceSubrange(Swift.min(index, other)..<Swift.max(index, other), with: JSONText.value(using: &random).utf8)
        default: insert(contentsOf: self[Swift.min(index, other)..<Swift.max(index, other)], at: index)
        }
    }
}

/// JSON that is nearly or fully well formed.
private enum JSONText {
    private static let keys = [
        "to", "grams", "fragile", "kilos", "id", "at", "state", "small", "note", "times", "label", "big", "T\\u006f", "",
    ]
    private static let values = [
        "true", "false", "null", "tru", "nulls", "0", "-0", "00", "-", "1", "-1", "1.", ".5", "1.0", "0.1", "-0.0", "1e2", "1E+2", "1e",
        "0x1", "NaN",
        "123456789012345", "1234567890123456", "123456789012345678", "1234567890123456789", "9223372036854775808", "0.30000000000000004",
        "0.000000000000001", "12345.678901234", "\"\"", "\"a\"", "\"lost\"", "\"1\"", "\"a\\nb\"", "\"a\nb\"", "\"é\"", "\"\\ud83e\"", "[]",
        "[1]", "{}",
        "{\"a\":1}", "'a'", "\"2026-01-01T00:00:00Z\"", "\"2026-13-01T00:00:00Z\"", "\"6f9619ff-8b86-d011-b42d-00cf4fc964ff\"",
        "\"6f9619ff8b86-d011-b42d-00cf4fc964ff-\"", "\"6f9619ff-8b86-d011-b42d-00cf4fc964fg\"", "/**/1", "",
    ]

    static func value(using random: inout SeededGenerator) -> String { values.randomElement(using: &random) ?? "" }

    static func object(using random: inout SeededGenerator) -> String {
        let members = (0..<Int.random(in: 0..<7, using: &random)).map { _ in
            "\(blank(&random))\"\(keys.randomElement(using: &random) ?? "")\"\(blank(&random)):\(blank(&random))\(value(using: &random))"
        }
        return "{\(members.joined(separator: ","))\(blank(&random))}\(blank(&random))"
    }

    private static func blank(_ random: inout SeededGenerator) -> String {
        Int.random(in: 0..<4, using: &random) == 0 ? [" ", "\n", "\t", "\r", "\u{0C}", "\u{A0}"].randomElement(using: &random) ?? "" : ""
    }
}
