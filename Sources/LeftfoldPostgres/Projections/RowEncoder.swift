import Foundation

/// Collects the fields of a key and a row, by column. A class because encoders are copied.
final class RowValues {
    private let table: RowTable
    private(set) var all: [ColumnValue]

    /// One order of keys, so that equal rows are equal text.
    private static let json: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return encoder
    }()

    init(_ table: RowTable) throws {
        self.table = table
        all = Array(repeating: .null, count: table.columns.count)
    }

    subscript(name: String) -> ColumnValue { (try? table.index(of: name)).map { all[$0] } ?? .null }

    func encode(_ value: some Encodable) throws {
        if let scalar = try ColumnValue(value) {
            try set(scalar, at: table.onlyKey.name)
        } else {
            try value.encode(to: RowEncoder(values: self))
        }
    }

    fileprivate func set(_ value: ColumnValue, at name: String) throws { all[try table.index(of: name)] = value }

    /// A field: what is no scalar is JSON.
    fileprivate func encode(_ value: some Encodable, at name: String) throws {
        let index = try table.index(of: name)
        all[index] =
            if table.columns[index].form == .json {
                .json([UInt8](try Self.json.encode(value)))
            } else if let scalar = try ColumnValue(value) {
                scalar
            } else {
                try Single.value(of: value, column: table.columns[index])
            }
    }

    /// The one value of a key or a field that wraps a scalar, such as an enum with raw values.
    fileprivate func encodeSingle(_ value: some Encodable) throws { try encode(value, at: table.onlyKey.name) }
}

extension ColumnValue {
    /// Nil for what is no scalar.
    fileprivate init?(_ value: some Encodable) throws {
        switch value {
        case let value as String: self = .text(value)
        case let value as Int: self = .integer(Int64(value))
        case let value as Int64: self = .integer(value)
        case let value as Bool: self = .bool(value)
        case let value as Double: self = .double(value)
        case let value as UUID: self = .uuid(value)
        case let value as Date: self = .date(value)
        case let value as Float: self = .double(Double(value))
        case let value as any FixedWidthInteger:
            guard let integer = Int64(exactly: value) else { throw RowMismatch("\(value) is no bigint") }
            self = .integer(integer)
        default: return nil
        }
    }
}

/// Encodes a key or a row.
private struct RowEncoder: Encoder {
    let values: RowValues
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { KeyedEncodingContainer(Fields(values: values)) }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { Refused() }
    func singleValueContainer() -> any SingleValueEncodingContainer { OnlyKey(values: values) }

    struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let values: RowValues
        var codingPath: [any CodingKey] { [] }

        func encodeNil(forKey key: Key) throws { try values.set(.null, at: key.stringValue) }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try values.encode(value, at: key.stringValue) }
        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
            Refused().container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { Refused() }
        func superEncoder() -> any Encoder { Refused() }
        func superEncoder(forKey key: Key) -> any Encoder { Refused() }
    }

    struct OnlyKey: SingleValueEncodingContainer {
        let values: RowValues
        var codingPath: [any CodingKey] { [] }

        func encodeNil() throws { throw RowMismatch("a key is not null") }
        func encode<T: Encodable>(_ value: T) throws { try values.encodeSingle(value) }
    }
}

/// Finds the scalar that a value wraps.
private final class Single: Encoder, SingleValueEncodingContainer {
    private var found: ColumnValue?
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func value(of value: some Encodable, column: Column) throws -> ColumnValue {
        let single = Single()
        try value.encode(to: single)
        guard let found = single.found else {
            throw RowMismatch("the column \(column.name) is \(column.type), and its field no single value")
        }
        return found
    }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { Refused().container(keyedBy: type) }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { Refused() }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() throws { found = .null }
    func encode<T: Encodable>(_ value: T) throws {
        if let scalar = try ColumnValue(value) { found = scalar } else { try value.encode(to: self) }
    }
}

/// What has no place in a column.
private struct Refused: Encoder, UnkeyedEncodingContainer {
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var count: Int { 0 }

    private var refusal: RowMismatch { RowMismatch("a field of several values fits a column of type json or jsonb only") }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { KeyedEncodingContainer(Keyed()) }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { self }
    func singleValueContainer() -> any SingleValueEncodingContainer { SingleRefused() }
    func encodeNil() throws { throw refusal }
    func encode<T: Encodable>(_ value: T) throws { throw refusal }
    func nestedContainer<Nested>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> { container(keyedBy: type) }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
    func superEncoder() -> any Encoder { self }

    private struct SingleRefused: SingleValueEncodingContainer {
        var codingPath: [any CodingKey] { [] }
        func encodeNil() throws { throw Refused().refusal }
        func encode<T: Encodable>(_ value: T) throws { throw Refused().refusal }
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        var codingPath: [any CodingKey] { [] }
        func encodeNil(forKey key: Key) throws { throw Refused().refusal }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { throw Refused().refusal }
        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
            Refused().container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { Refused() }
        func superEncoder() -> any Encoder { Refused() }
        func superEncoder(forKey key: Key) -> any Encoder { Refused() }
    }
}
