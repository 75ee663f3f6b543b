import Foundation
import LeftfoldDriver

/// Decodes a key or a row from the columns of a table.
struct RowDecoder: Decoder {
    let table: RowTable
    let row: Row
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> { KeyedDecodingContainer(Fields(decoder: self)) }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw RowMismatch("a row is not a list") }
    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        try cell(table.onlyKey.name)
    }

    /// The key of the row: one value, or fields of their own.
    func key<Key: Decodable>(_ type: Key.Type) throws -> Key {
        if type is any PostgresDecodable.Type { return try cell(try table.onlyKey.name).decode(type) }
        return try Key(from: self)
    }

    fileprivate func cell(_ name: String) throws -> CellDecoder {
        let index = try table.index(of: name)
        return CellDecoder(cell: try row[index], column: table.columns[index])
    }

    private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let decoder: RowDecoder
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { decoder.table.columns.compactMap { Key(stringValue: $0.name) } }

        func contains(_ key: Key) -> Bool { (try? decoder.table.index(of: key.stringValue)) != nil }
        func decodeNil(forKey key: Key) throws -> Bool { try decoder.cell(key.stringValue).cell.isNull }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder.cell(key.stringValue).decode(type) }
        // What is known by its type is not looked for among the types.
        func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder.cell(key.stringValue).scalar(type) }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder.cell(key.stringValue).scalar(type) }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder.cell(key.stringValue).scalar(type) }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder.cell(key.stringValue).scalar(type) }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder.cell(key.stringValue).scalar(type) }

        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
            throw RowMismatch("a column is not a row")
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw RowMismatch("a column is not a list") }
        func superDecoder() throws -> any Decoder { throw RowMismatch("a row has no parent") }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw RowMismatch("a row has no parent") }
    }
}

/// Decodes one field: a scalar, what wraps one, or JSON.
private struct CellDecoder: Decoder, SingleValueDecodingContainer {
    let cell: PostgresCell
    let column: Column
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> { throw mismatch }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw mismatch }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { cell.isNull }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if column.form == .json { return try JSONDecoder().decode(type, from: Data(try cell.decode(JSONBytes.self).bytes)) }
        guard let scalar = T.self as? any PostgresDecodable.Type else {
            return try T(from: self)
        }
        if column.form == .text, T.self != String.self {
            guard let number = T.self as? any LosslessStringConvertible.Type,
                let value = number.init(try cell.decode(String.self)) as? T
            else { throw mismatch }
            return value
        }
        guard let value = try scalar.decode(from: cell) as? T else { throw mismatch }
        return value
    }

    /// What ``decode(_:)`` gives, for a type that has a column type of its own.
    func scalar<T: Decodable & PostgresDecodable>(_ type: T.Type) throws -> T {
        column.form == .json || column.form == .text && type != String.self ? try decode(type) : try T.decode(from: cell)
    }

    private var mismatch: RowMismatch { RowMismatch("the column \(column.name) is \(column.type); its field is not") }
}
