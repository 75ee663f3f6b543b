import Foundation
import Leftfold
import LeftfoldTesting
import Testing

private struct Order: Codable, Equatable {
    var id: UUID
    var count: Int
    var note: String?
    var tags: [String]?
}

@Suite("JSON from strangers")
struct StrictJSONTests {
    static let id = "7f1c0000-0000-4000-8000-000000000001"

    @Test(
        "is read when it is as it should be",
        arguments: [
            #"{"id":"\#(id)","count":1}"#,
            " \t\r\n{ \"count\" : 1 , \"id\" : \"\(id.uppercased())\" }\n",
            #"{"id":"\#(id)","count":1,"note":null,"tags":null}"#,
            #"{"id":"\#(id)","count":1e0}"#,
        ])
    func wellFormed(json: String) throws {
        let order = try StrictJSON.decode(Order.self, from: Array(json.utf8))
        #expect(order == Order(id: try #require(UUID(uuidString: Self.id)), count: 1))
    }

    @Test("keeps braces, quotes, escapes and repeated words inside texts apart from structure")
    func texts() throws {
        let json = #"{"id":"\#(Self.id)","count":1,"note":"{\"count\":[1,}\\","tags":["a","a","{","\u0000","é 🧵"]}"#
        let order = try StrictJSON.decode(Order.self, from: Array(json.utf8))
        #expect(order.note == #"{"count":[1,}\"#)
        #expect(order.tags == ["a", "a", "{", "\u{0}", "é 🧵"])
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let json: [UInt8]
        let code: String
        init(_ description: String, _ json: String, code: String = "malformed_json") {
            self.init(description, Array(json.utf8), code: code)
        }
        init(_ description: String, _ json: [UInt8], code: String = "malformed_json") {
            (testDescription, self.json, self.code) = (description, json, code)
        }
    }

    static let good = #"{"id":"\#(id)","count":1}"#
    static let bad = [
        Bad("nothing", ""), Bad("white space", " \n"), Bad("a word", "hello"), Bad("a brace", "{"), Bad("an early end", #"{"id":"#),
        Bad("an open text", #"{"id":"abc"#), Bad("an open escape", #"{"id":"\"#), Bad("crossed brackets", "{[}]"),
        Bad("too many brackets", good + "}"), Bad("something behind", good + "x"), Bad("two values", good + good),
        Bad("a comma at the end", #"{"id":"\#(id)","count":1,}"#), Bad("a missing comma", #"{"id":"\#(id)" "count":1}"#),
        Bad("a comma and space at the end of an array", #"{"id":"\#(id)","count":1,"tags":["a" ,   ]}"#), Bad("only a comma", "[,]"),
        Bad("single quotes", "{'count':1}"), Bad("a comment", "/* */" + good), Bad("a raw line break in a text", "{\"note\":\"a\nb\"}"),
        Bad("NaN", #"{"id":"\#(id)","count":NaN}"#), Bad("a leading zero", #"{"id":"\#(id)","count":01}"#),
        Bad("bytes that are not UTF-8", [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]),
        Bad("an overlong slash", [0x22, 0xC0, 0xAF, 0x22]), Bad("a surrogate", [0x22, 0xED, 0xA0, 0x80, 0x22]),
        Bad("a zero byte", good + "\u{0}"), Bad("UTF-16", good.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
        Bad("UTF-32", good.unicodeScalars.flatMap { [UInt8($0.value & 0xFF), 0, 0, 0] }),
        Bad("an array", "[]", code: "wrong_type"), Bad("a number", "1", code: "wrong_type"), Bad("null", "null", code: "wrong_type"),
        Bad("a text for a number", #"{"id":"\#(id)","count":"1"}"#, code: "wrong_type"),
        Bad("a fraction for an integer", #"{"id":"\#(id)","count":1.5}"#),
        Bad("a number beyond 64 bits", #"{"id":"\#(id)","count":9223372036854775808}"#),
        Bad("null for a number", #"{"id":"\#(id)","count":null}"#, code: "wrong_type"),
        Bad("something else than an id", #"{"id":"7f1c","count":1}"#, code: "wrong_type"),
        Bad("a missing field", #"{"id":"\#(id)"}"#, code: "missing_field"), Bad("no fields", "{}", code: "missing_field"),
        Bad("an unknown field", #"{"id":"\#(id)","count":1,"admin":true}"#, code: "unknown_field"),
        Bad("an unknown field that is null", #"{"id":"\#(id)","count":1,"admin":null}"#, code: "unknown_field"),
        Bad("a field in another case", #"{"ID":"\#(id)","count":1}"#, code: "unknown_field"),
        Bad("an empty field name", #"{"":1,"id":"\#(id)","count":1}"#, code: "unknown_field"),
        Bad("a repeated field", #"{"id":"\#(id)","count":1,"count":2}"#, code: "repeated_field"),
        Bad("a repeated unknown field", #"{"x":1,"x":1}"#, code: "repeated_field"),
        Bad("a repeated field deep inside", #"{"x":[{"y":{"z":1,"z":1}}]}"#, code: "repeated_field"),
        Bad("a repeated field, spelled with escapes", #"{"count":1,"c\u006funt":2}"#),
        Bad("65 levels", String(repeating: "[", count: 65) + String(repeating: "]", count: 65), code: "too_deep"),
        Bad("a million levels", String(repeating: "{\"a\":", count: 1_000_000), code: "too_deep"),
    ]

    @Test("is refused with a stable code otherwise", arguments: bad)
    func illFormed(_ bad: Bad) {
        let error = #expect(throws: MalformedInput.self) { try StrictJSON.decode(Order.self, from: bad.json) }
        #expect(error?.code == bad.code, "\(error?.message ?? "")")
        #expect(error?.kind == .invalid)
    }

    @Test("the messages name the field")
    func messages() {
        func message(_ json: String) -> String? {
            do throws(MalformedInput) {
                _ = try StrictJSON.decode(Order.self, from: Array(json.utf8))
                return nil
            } catch {
                return error.message
            }
        }
        #expect(message(#"{"id":"\#(Self.id)"}"#) == "The field “count” is missing.")
        #expect(message(#"{"id":"\#(Self.id)","count":"1"}"#) == "“count” is not of the type Int.")
        #expect(message(#"{"id":"x","count":1}"#) == "“id” is not valid.")
        #expect(message(#"{"id":"\#(Self.id)","count":1,"tags":["a",2]}"#) == "“tags.1” is not of the type String.")
        #expect(message(#"{"role":1}"#) == "The field “role” is not known.")
    }

    @Test("what is written can be read, with times to the millisecond")
    func roundTrip() throws {
        struct Moment: Codable, Equatable { var at: Date }
        let moment = Moment(at: Date(timeIntervalSince1970: 1_750_000_000.125))
        let json = try StrictJSON.encode(moment)
        #expect(String(decoding: json, as: UTF8.self) == #"{"at":"2025-06-15T15:06:40.125Z"}"#)
        #expect(try StrictJSON.decode(Moment.self, from: json) == moment)
        #expect(throws: MalformedInput.self) { try StrictJSON.decode(Moment.self, from: Array(#"{"at":"yesterday"}"#.utf8)) }
    }

    @Test("any bytes at all are read or refused, never fatal")
    func fuzz() {
        let pieces = Array("{}[]\",:\\0123eE.-+truefalsnl \u{0}é".utf8) + [0xFF, 0xC3]
        var random = SeededGenerator()
        print("fuzzing JSON with the seed \(random.seed)")
        for _ in 0..<20_000 {
            let json = (0..<Int.random(in: 0...24, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }
            _ = try? StrictJSON.decode(Order.self, from: json)
        }
    }
}
