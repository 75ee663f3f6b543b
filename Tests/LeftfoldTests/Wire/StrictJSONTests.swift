import Foundation
import LeftfoldTesting
import Testing

@testable import Leftfold

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
            #"{"id":"\#(id)","count":1e0}"#, #"{"id":"\#(id)","count":1.0}"#, #"{"id":"\#(id)","count":10e-1}"#,
            #"{"id":"\#(id)","count":0.000001E+6}"#,
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
        Bad("a fraction for an integer", #"{"id":"\#(id)","count":1.5}"#, code: "wrong_type"),
        Bad("a number beyond 64 bits", #"{"id":"\#(id)","count":9223372036854775808}"#, code: "wrong_type"),
        Bad("a number below 64 bits", #"{"id":"\#(id)","count":-9223372036854775809}"#, code: "wrong_type"),
        Bad("a number beyond everything", #"{"id":"\#(id)","count":1e400}"#, code: "wrong_type"),
        Bad("a fraction that a Double rounds to 1", #"{"id":"\#(id)","count":1.0000000000000001}"#, code: "wrong_type"),
        Bad("another that it rounds to 1", #"{"id":"\#(id)","count":0.99999999999999999999}"#, code: "wrong_type"),
        Bad("a fraction that it rounds to 0", #"{"id":"\#(id)","count":1e-400}"#, code: "wrong_type"),
        Bad("an exponent without end", #"{"id":"\#(id)","count":1e-99999999999999999999999}"#, code: "wrong_type"),
        Bad("a number of 129 digits", #"{"id":"\#(id)","count":\#(String(repeating: "1", count: 129))}"#, code: "wrong_type"),
        Bad("a number with a plus", #"{"id":"\#(id)","count":+5}"#), Bad("no digits before the point", #"{"id":"\#(id)","count":.5}"#),
        Bad("no digits behind the point", #"{"id":"\#(id)","count":5.}"#), Bad("an open exponent", #"{"id":"\#(id)","count":1e}"#),
        Bad("a minus alone", #"{"id":"\#(id)","count":-}"#), Bad("hexadecimal", #"{"id":"\#(id)","count":0x10}"#),
        Bad("Infinity", #"{"id":"\#(id)","count":Infinity}"#), Bad("a word in capitals", #"{"id":"\#(id)","count":TRUE}"#),
        Bad("half of a word", #"{"id":"\#(id)","count":nul"#), Bad("a colon too many", #"{"id"::1}"#), Bad("no colon", #"{"id" 1}"#),
        Bad("no value", #"{"id":}"#), Bad("a key that is no text", "{1:2}"), Bad("an unknown escape", #"{"note":"\q"}"#),
        Bad("a short escape", #"{"note":"\u12"}"#), Bad("half of a character", #"{"note":"\ud83d"}"#),
        Bad("the second half of a character", #"{"note":"\ude00"}"#), Bad("two first halves", #"{"note":"\ud83d\ud83d"}"#),
        Bad("a byte order mark", "\u{FEFF}" + good), Bad("a cut character", [0x22, 0xE2, 0x82, 0x22]),
        Bad("a scalar above the last", [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22]), Bad("a delete", good + "\u{7F}"),
        Bad("a key of 129 bytes", #"{"\#(String(repeating: "k", count: 129))":1}"#, code: "unknown_field"),
        Bad("10,000 values in an array", "[" + String(repeating: "0,", count: 9_999) + "0]", code: "too_many_values"),
        Bad("10,000 fields", "{" + (1...10_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}", code: "too_many_values"),
        Bad(
            "many fields, the last one twice", "{" + ((1...200).map { "\"\($0)\":0" } + ["\"200\":0"]).joined(separator: ",") + "}",
            code: "repeated_field"),
        Bad("many marks on a letter", #"{"note":"e\#(String(repeating: "\u{301}", count: 65))"}"#, code: "too_many_marks"),
        Bad("many marks, in escapes", #"{"note":"e\#(String(repeating: #"\u0301"#, count: 65))"}"#, code: "too_many_marks"),
        Bad("many marks, in pairs of escapes", #"{"note":"e\#(String(repeating: #"\ud834\udd65"#, count: 65))"}"#, code: "too_many_marks"),
        Bad("many marks in a key", #"{"e\#(String(repeating: "\u{301}", count: 63))":1}"#, code: "unknown_field"),
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

    @Test("long and invisible names are not repeated")
    func namesInMessages() {
        func message(_ json: String) -> String? {
            #expect(throws: MalformedInput.self) { try StrictJSON.decode(Order.self, from: Array(json.utf8)) }?.message
        }
        let long = String(repeating: "k", count: 65)
        #expect(message(#"{"\#(long)":1}"#) == "A field is not known.")
        #expect(message(#"{"\#(long)":1,"\#(long)":1}"#) == "A field is there twice.")
        #expect(message("{\"a\u{202E}b\":1}") == "A field is not known.")
        #expect(message(#"{"\#(long.dropLast())":1}"#) == "The field “\(long.dropLast())” is not known.")
        struct Shelf: Decodable { var books: [String: Int] }
        let error = #expect(throws: MalformedInput.self) {
            try StrictJSON.decode(Shelf.self, from: Array(#"{"books":{"\#(long)":"x"}}"#.utf8))
        }
        #expect(error?.message == "A value is not of the type Int.")
    }

    @Test("numbers keep their value, or are refused")
    func numbers() throws {
        struct Numbers: Codable, Equatable {
            var int: Int64?
            var unsigned: UInt64?
            var small: Int8?
            var double: Double?
            var decimal: Decimal?
        }
        func read(_ json: String) throws(MalformedInput) -> Numbers { try StrictJSON.decode(Numbers.self, from: Array(json.utf8)) }
        #expect(try read(#"{"int":9007199254740993}"#).int == 9_007_199_254_740_993)
        #expect(try read(#"{"int":9007199254740993.0}"#).int == 9_007_199_254_740_993)
        #expect(try read(#"{"int":9223372036854775807}"#).int == .max)
        #expect(try read(#"{"int":-9223372036854775808}"#).int == .min)
        #expect(try read(#"{"int":-0}"#).int == 0)
        #expect(try read(#"{"unsigned":18446744073709551615}"#).unsigned == .max)
        #expect(try read(#"{"double":0.1}"#).double == 0.1)
        #expect(try read(#"{"double":1.0000000000000001}"#).double == 1)
        #expect(try read(#"{"double":1.7976931348623157e308}"#).double == .greatestFiniteMagnitude)
        #expect(try read(#"{"decimal":1.0000000000000001}"#).decimal == Decimal(string: "1.0000000000000001"))
        #expect(try read(#"{"decimal":1.0000000000000001,"int":7,"double":2.5}"#).int == 7)
        for bad in [
            #"{"small":128}"#, #"{"small":-129}"#, #"{"unsigned":-1}"#, #"{"unsigned":18446744073709551616}"#, #"{"double":1e400}"#,
            #"{"double":-1e400}"#, #"{"decimal":1e400}"#, #"{"int":9007199254740993.5}"#, #"{"int":4503599627370497.5}"#,
            #"{"int":5e-1}"#, #"{"small":0.99999999999999999999,"double":1}"#, #"{"int":"5"}"#,
        ] {
            let error = #expect(throws: MalformedInput.self, "\(bad)") { try read(bad) }
            #expect(error?.code == "wrong_type", "\(bad): \(error?.message ?? "")")
        }
    }

    @Test("fields from elsewhere come in front, and must not be there twice")
    func adding() throws {
        func text(
            _ fields: [(name: String, value: JSONText)], _ object: String, defaults: [(name: String, value: JSONText)] = []
        ) throws -> String {
            let json = try InspectedJSON(Array(object.utf8)).adding(fields, defaults: defaults)
            // What was put together is as good as what is looked over anew.
            let again = try InspectedJSON(json.bytes)
            for name in ["id", "n", "b", "c"] { #expect(json.has(name) == again.has(name)) }
            #expect(json.withFractions == again.withFractions)
            return String(decoding: json.bytes, as: UTF8.self)
        }
        #expect(try text([("id", .string("a\"\u{1}"))], " { } ") == #"{"id":"a\"\u0001" } "#)
        #expect(
            try text([("id", .string("x")), ("n", .integer(-3))], #" {"b":1.0000000000000001}"#)
                == #"{"id":"x","n":-3,"b":1.0000000000000001}"#)
        #expect(try text([("id", .string("x"))], "[]") == "[]")
        #expect(try text([], #"{"a":{"id":1},"b":["id"],"c":"id"}"#, defaults: [("id", .integer(1))]).hasPrefix(#"{"id":1,"a""#))
        #expect(try text([], #"{"a":1, "id" : 2}"#, defaults: [("id", .integer(1))]) == #"{"a":1, "id" : 2}"#)
        for (json, code) in [(#"{"id":1}"#, "repeated_field"), ("{", "malformed_json")] {
            #expect(throws: MalformedInput.self) { try text([("id", .string("x"))], json) }
            let error = #expect(throws: MalformedInput.self) { try InspectedJSON(Array(json.utf8)).adding([("id", .integer(1))]) }
            #expect(error?.code == code)
        }
        let marks = String(repeating: "\u{301}", count: 65)
        #expect(throws: MalformedInput.self) { try text([("id", .string(marks))], "{}") }
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
