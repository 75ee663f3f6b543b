import Foundation

/// Collects the fields of a key and a row, by column. A class because encoders are copied.
final class RowValues {
    private let table: RowTable
    private(set) var all: [ColumnValue]
    /// Behind the last column that was asked for.
    private var next = 0

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

    /// Fields mostly come in the order of the columns.
    private func index(of name: String) throws -> Int {
        let index = next < table.columns.count && table.columns[next].name == name ? next : try table.index(of: name)
        next = index + 1
        return index
    }

    fileprivate func set(_ value: ColumnValue, at name: String) throws { all[try index(of: name)] = value }

    /// A field that is a scalar; in a column of JSON that is written as JSON, too.
    fileprivate func encode(_ value: some Encodable, as scalar: ColumnValue, at name: String) throws {
        let index = try index(of: name)
        all[index] = table.columns[index].form == .json ? .json([UInt8](try Self.json.encode(value))) : scalar
    }

    /// A field: what is no scalar is JSON.
    fileprivate func encode(_ value: some Encodable, at name: String) throws {
        let index = try index(of: name)
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
        case let value as UUID: self = .uuid(value)
        case let value as Date: self = .date(value)
        case let value as String: self = .text(value)
        case let value as Int: self = .integer(Int64(value))
        case let value as Int64: self = .integer(value)
        case let value as Bool: self = .bool(value)
        case let value as Double: self = .double(value)
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
    func unkeyedContainer() -> any UnkeyedEncodingContainer { RefusedEncoder() }
    func singleValueContainer() -> any SingleValueEncodingContainer { OnlyKey(values: values) }

    struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let values: RowValues
        var codingPath: [any CodingKey] { [] }

        func encodeNil(forKey key: Key) throws { try values.set(.null, at: key.stringValue) }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try values.encode(value, at: key.stringValue) }
        // What is known by its type is not looked for among the types.
        func encode(_ value: String, forKey key: Key) throws { try values.encode(value, as: .text(value), at: key.stringValue) }
        func encode(_ value: Bool, forKey key: Key) throws { try values.encode(value, as: .bool(value), at: key.stringValue) }
        func encode(_ value: Int, forKey key: Key) throws { try values.encode(value, as: .integer(Int64(value)), at: key.stringValue) }
        func encode(_ value: Int64, forKey key: Key) throws { try values.encode(value, as: .integer(value), at: key.stringValue) }
        func encode(_ value: Double, forKey key: Key) throws { try values.encode(value, as: .double(value), at: key.stringValue) }
        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
            RefusedEncoder().container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { RefusedEncoder() }
        func superEncoder() -> any Encoder { RefusedEncoder() }
        func superEncoder(forKey key: Key) -> any Encoder { RefusedEncoder() }
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

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> { RefusedEncoder().container(keyedBy: type) }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { RefusedEncoder() }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() throws { found = .null }
    func encode(_ value: String) throws { found = .text(value) }
    func encode(_ value: Int) throws { found = .integer(Int64(value)) }
    func encode(_ value: Int64) throws { found = .integer(value) }
    func encode<T: Encodable>(_ value: T) throws {
        if let scalar = try ColumnValue(value) { found = scalar } else { try value.encode(to: self) }
    }
}
