public import Foundation

/// A type that says itself what its JSON is like.
///
/// Types whose `Codable` conformance the compiler writes need not: their schema is found by decoding them. This is for
/// those that read special values, such as an address or an amount of money, and for which no harmless value can be guessed.
public protocol SchemaDescribing: Decodable {
    static var jsonSchema: JSONSchema { get }
    /// Some valid value: what a type that contains this one is tried with.
    static var jsonSample: Self { get }
}

extension String: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .string() }
    public static var jsonSample: String { "" }
}

extension Bool: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .boolean }
    public static var jsonSample: Bool { false }
}

extension Double: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .number }
    public static var jsonSample: Double { 0 }
}

extension Float: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .number }
    public static var jsonSample: Float { 0 }
}

extension FixedWidthInteger where Self: Decodable {
    public static var jsonSchema: JSONSchema { .integer(Int64(clamping: Self.min)...Int64(clamping: Self.max)) }
    public static var jsonSample: Self { 0 }
}

extension Int: SchemaDescribing {}
extension Int8: SchemaDescribing {}
extension Int16: SchemaDescribing {}
extension Int32: SchemaDescribing {}
extension Int64: SchemaDescribing {}
extension UInt: SchemaDescribing {}
extension UInt8: SchemaDescribing {}
extension UInt16: SchemaDescribing {}
extension UInt32: SchemaDescribing {}
extension UInt64: SchemaDescribing {}

extension Decimal: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .number }
    public static var jsonSample: Decimal { 0 }
}

extension UUID: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .string(format: "uuid") }
    public static var jsonSample: UUID {
        UUID(uuid: (0x7f, 0x1c, 0x2f, 0x0e, 0x8a, 0x51, 0x4c, 0x0e, 0x9f, 0x5e, 0x0d, 0x6a, 0x3a, 0x4b, 0x5c, 0x6d))
    }
}

extension Date: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .string(format: "date-time") }
    public static var jsonSample: Date { Date(timeIntervalSince1970: 1_764_113_864.123) }
}

extension Data: SchemaDescribing {
    public static var jsonSchema: JSONSchema { JSONSchema(["type": "string", "contentEncoding": "base64"]) }
    public static var jsonSample: Data { Data() }
}

extension URL: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .string(format: "uri-reference") }
    public static var jsonSample: URL { URL(filePath: "/") }
}

extension RawJSON: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .anything }
    public static var jsonSample: RawJSON { RawJSON(JSONObject.empty) }
}

extension Cursor: SchemaDescribing {
    public static var jsonSchema: JSONSchema {
        .string(length: 0...maximumLength, pattern: "^[A-Za-z0-9_-]*$").described("A place in this list, as an earlier answer gave it.")
    }
    public static var jsonSample: Cursor { Cursor([]) }
}

extension GlobalPosition: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .integer(0...) }
    public static var jsonSample: GlobalPosition { .zero }
}

extension StreamVersion: SchemaDescribing {
    public static var jsonSchema: JSONSchema { .integer(0...) }
    public static var jsonSample: StreamVersion { .zero }
}
