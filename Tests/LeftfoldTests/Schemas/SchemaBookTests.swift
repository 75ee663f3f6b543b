import Foundation
import Testing

@testable import Leftfold

/// What is found out about types without being told.
@Suite("Schemas of types") struct SchemaBookTests {
    struct Plain: Codable {
        var text: String
        var number: Int
        var small: UInt8
        var share: Double
        var truth: Bool
        var id: UUID
        var at: Date
        var page: URL
        var bytes: Data
        var price: Decimal
        var raw: RawJSON
        var position: GlobalPosition
        var cursor: Cursor
    }

    struct Optionals: Codable {
        var text: String?
        var colour: Colour?
        var nested: Nested?
        var list: [String?]?
        enum CodingKeys: String, CodingKey {
            case text, colour, nested
            case list = "the_list"
        }
    }

    enum Colour: String, Codable, CaseIterable { case red, green }
    enum Level: Int, Codable, CaseIterable { case low = 1, high = 9 }
    /// Its cases cannot be listed.
    enum Shade: String, Codable { case dark }

    struct Nested: Codable, Equatable {
        var level: Level
        var shades: [Shade]
        var counts: [String: Int]
        var names: Set<String>
        enum CodingKeys: CodingKey { case level, shades, counts, names }
    }

    /// A tree.
    struct Branch: Codable {
        var name: String
        var branches: [Branch]
        var twin: [String: Branch]?
    }

    /// A text that is checked.
    struct Address: Codable {
        var text: String
        init(from decoder: any Decoder) throws {
            text = try decoder.singleValueContainer().decode(String.self)
            guard text.contains("@") else { throw MalformedInput("no address") }
        }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    /// One for which no value can be guessed, so that it says what it is like.
    struct Isbn: Codable, SchemaDescribing {
        var text: String
        static var jsonSchema: JSONSchema { .string(length: 13...13, pattern: "^97[89]") }
        static var jsonSample: Isbn { Isbn(checked: "9780131103627") }
        private init(checked: String) { text = checked }
        init(from decoder: any Decoder) throws {
            text = try decoder.singleValueContainer().decode(String.self)
            guard text.count == 13 else { throw MalformedInput("no ISBN") }
        }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    struct Book: Codable {
        var isbn: Isbn
        var author: Address
        var copies: Int
    }

    /// It stops at what cannot be guessed.
    struct Riddle: Codable {
        var first: String
        var second: Answer
        var third: String

        struct Answer: Codable {
            init(from decoder: any Decoder) throws {
                guard try decoder.singleValueContainer().decode(String.self) == "forty-two" else { throw MalformedInput("wrong") }
            }
            func encode(to encoder: any Encoder) throws {}
        }
    }

    enum Shape: Codable {
        case circle(radius: Double)
        case square(side: Double, name: String?)
        enum CodingKeys: String, CodingKey, CaseIterable { case circle = "Circle", square }
    }

    /// Read by hand: nested containers, a key that is looked for first, a list without an end.
    struct ByHand: Decodable {
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            if container.contains(.maybe) { _ = try container.decode(Int.self, forKey: .maybe) }
            let inner = try container.nestedContainer(keyedBy: Keys.self, forKey: .inner)
            _ = try inner.decode(String.self, forKey: .deep)
            var list = try container.nestedUnkeyedContainer(forKey: .list)
            while !list.isAtEnd { _ = try list.decode(Bool.self) }
        }
        enum Keys: CodingKey { case maybe, inner, list, deep }
    }

    /// It tries one shape after the other.
    struct Either: Decodable {
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if (try? container.decode(Int.self)) == nil { _ = try container.decode(String.self) }
            _ = try container.decode(Bool.self)
        }
    }

    struct Dynamic: Decodable {
        init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: Key.self).allKeys }
        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    struct Nothing: Codable {}

    private func json(_ schema: JSONSchema) -> String { String(decoding: schema.tree.bytes, as: UTF8.self) }

    private func component<T: Decodable>(_ type: T.Type) -> (object: JSONSchema?, book: SchemaBook) {
        let book = SchemaBook()
        let reference = book.schema(of: type)
        let name = reference.keywords["$ref"]?.text?.split(separator: "/").last.map(String.init)
        return (name.flatMap { book.components[$0] }, book)
    }

    private func property(_ name: String, of object: JSONSchema?) -> String? {
        object?.keywords["properties"]?[name].map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(
        "Fields have the types that they are decoded as",
        arguments: [
            ("text", #"{"type":"string"}"#), ("truth", #"{"type":"boolean"}"#), ("share", #"{"type":"number"}"#),
            ("number", #"{"maximum":9223372036854775807,"minimum":-9223372036854775808,"type":"integer"}"#),
            ("small", #"{"maximum":255,"minimum":0,"type":"integer"}"#), ("id", #"{"format":"uuid","type":"string"}"#),
            ("at", #"{"format":"date-time","type":"string"}"#), ("page", #"{"format":"uri-reference","type":"string"}"#),
            ("bytes", #"{"contentEncoding":"base64","type":"string"}"#), ("price", #"{"type":"number"}"#), ("raw", "{}"),
            ("position", #"{"maximum":9223372036854775807,"minimum":0,"type":"integer"}"#),
        ])
    func fields(name: String, schema: String) {
        let object = component(Plain.self).object
        #expect(property(name, of: object) == schema)
        #expect(object?.keywords["required"]?.elements.count == 13)
        #expect(object?.keywords["properties"]?["cursor"]?["maxLength"] == 1024)
    }

    @Test("What may be absent is not required and may be null") func optionals() {
        let (object, book) = component(Optionals.self)
        #expect(object?.keywords["required"] == nil)
        #expect(property("text", of: object) == #"{"type":["string","null"]}"#)
        #expect(property("colour", of: object) == #"{"enum":["red","green",null],"type":["string","null"]}"#)
        #expect(property("the_list", of: object) == #"{"items":{"type":["string","null"]},"type":["array","null"]}"#)
        #expect(property("nested", of: object) == ##"{"anyOf":[{"$ref":"#/components/schemas/SchemaBookTestsNested"},{"type":"null"}]}"##)
        let nested = book.components["SchemaBookTestsNested"]
        #expect(property("level", of: nested) == #"{"enum":[1,9],"type":"integer"}"#)
        #expect(property("shades", of: nested) == #"{"items":{"type":"string"},"type":"array"}"#)
        #expect(property("names", of: nested) == #"{"items":{"type":"string"},"type":"array"}"#)
        #expect(nested?.keywords["properties"]?["counts"]?["additionalProperties"]?["type"] == "integer")
    }

    @Test("A type that contains itself ends") func recursion() {
        let object = component(Branch.self).object
        let reference = ##"{"$ref":"#/components/schemas/SchemaBookTestsBranch"}"##
        #expect(property("branches", of: object) == #"{"items":\#(reference),"type":"array"}"#)
        #expect(property("twin", of: object) == #"{"additionalProperties":\#(reference),"type":["object","null"]}"#)
    }

    @Test("Checked texts are guessed, or say themselves what they are") func checked() {
        let object = component(Book.self).object
        #expect(property("isbn", of: object) == #"{"maxLength":13,"minLength":13,"pattern":"^97[89]","type":"string"}"#)
        #expect(property("author", of: object) == #"{"type":"string"}"#)
        #expect(object?.keywords["required"] == ["author", "copies", "isbn"])
    }

    @Test("What cannot be guessed is told as far as it is known, and not closed") func unknown() {
        let object = component(Riddle.self).object
        #expect(object?.keywords["properties"]?.members.keys.sorted() == ["first", "second"])
        let book = SchemaBook()
        #expect(book.closedObject(Dynamic.self, name: "Dynamic").keywords["additionalProperties"] == nil)
        #expect(json(book.schema(of: Either.self)) == "{}")
        #expect(json(book.schema(of: Nothing.self)) == "{}")
    }

    @Test("Enumerations with values are one object of each case") func cases() {
        let schema = component(Shape.self).object
        let cases = schema?.keywords["oneOf"]?.elements ?? []
        #expect(cases.map { $0["required"] } == [["Circle"], ["square"]])
        #expect(cases.last?["properties"]?["square"]?["properties"]?["name"] == ["type": ["string", "null"]])
        #expect(cases.allSatisfy { $0["additionalProperties"] == false })
    }

    @Test("Decoding by hand is followed") func byHand() {
        let object = component(ByHand.self).object
        #expect(object?.keywords["required"] == ["inner", "list"])
        #expect(object?.keywords["properties"]?["maybe"]?["type"] == ["integer", "null"])
        #expect(object?.keywords["properties"]?["inner"]?["required"] == ["deep"])
        #expect(object?.keywords["properties"]?["list"] == ["type": "array", "items": ["type": "boolean"]])
    }

    @Test("Values that are no objects are not components") func scalars() {
        let book = SchemaBook()
        #expect(
            json(book.schema(of: Int?.self)) == #"{"maximum":9223372036854775807,"minimum":-9223372036854775808,"type":["integer","null"]}"#
        )
        #expect(json(book.schema(of: [[String]].self)) == #"{"items":{"items":{"type":"string"},"type":"array"},"type":"array"}"#)
        #expect(json(book.schema(of: [UUID: Int].self)) == #"{"items":{},"type":"array"}"#)
        #expect(book.components.isEmpty)
    }

    struct Deposit: Documented {
        var amount: Int
        var note: String?
        static let summary = "Pays in."
        static let fields: [String: JSONSchema] = [
            "amount": .integer(1...500).described("In cents."), "note": .string(oneOf: ["a", "b"]), "nowhere": .boolean,
        ]
        static let examples = [Deposit(amount: 5, note: nil)]
    }

    @Test("A documented type has its limits, its examples and its summary; and is closed where it is a command") func documented() {
        let object = SchemaBook().closedObject(Deposit.self, name: "Deposit")
        #expect(
            json(object) == """
                {"additionalProperties":false,"description":"Pays in.","examples":[{"amount":5}],"properties":{\
                "amount":{"description":"In cents.","maximum":500,"minimum":1,"type":"integer"},\
                "note":{"enum":["a","b",null],"type":["string","null"]}},"required":["amount"],"type":"object"}
                """)
    }
}
