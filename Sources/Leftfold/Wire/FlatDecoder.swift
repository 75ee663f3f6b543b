import Foundation

/// Decodes a small flat event at a fraction of what Foundation's decoder costs, and to the same value: an enum case of scalars, as
/// ``EventCodec`` stores it.
///
/// It answers where it is sure, and never refuses. Everything else, and every refusal, is Foundation's affair: ``JSONCoding/decoder``.
enum FlatDecoder {
    /// The event `{"type": fields}`; nil where Foundation has to say what that is.
    static func decode<E: Event>(_ event: E.Type, type: String, fields: [UInt8]) -> E? {
        // A name that would not stand for itself between quotes.
        guard type.utf8.allSatisfy({ (0x20..<0x80).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }),
            let object = FlatObject(fields), let event = try? E(from: FlatCase(type: type, object: object)), !object.isUnsure
        else { return nil }
        return event
    }
}

/// The object around the fields, with the name of the case as its only key.
private struct FlatCase: Decoder {
    let type: String
    let object: FlatObject

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> { KeyedDecodingContainer(Names(outer: self)) }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw object.unsure() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw object.unsure() }

    struct Names<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let outer: FlatCase

        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { Key(stringValue: outer.type).map { [$0] } ?? [] }

        func contains(_ key: Key) -> Bool { key.stringValue == outer.type }

        func decodeNil(forKey key: Key) throws -> Bool {
            _ = try fields(key)
            return false
        }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { throw outer.object.unsure() }

        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
            KeyedDecodingContainer(FlatFields(object: try fields(key), parent: key))
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw outer.object.unsure() }
        func superDecoder() throws -> any Decoder { throw outer.object.unsure() }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw outer.object.unsure() }

        private func fields(_ key: Key) throws -> FlatObject {
            guard contains(key) else { throw outer.object.unsure() }
            return outer.object
        }
    }
}

/// The fields of the case.
private struct FlatFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: FlatObject
    let parent: any CodingKey

    var codingPath: [any CodingKey] { [parent] }

    /// Of several, nobody promises the order.
    var allKeys: [Key] {
        if object.members.count > 1 { _ = object.unsure() }
        return object.members.compactMap { Key(stringValue: object.name(of: $0)) }
    }

    func contains(_ key: Key) -> Bool { object.member(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).kind == .null }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try object.text(try member(key)) }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try object.word(try member(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try object.integer(Int.self, try member(key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try object.integer(try member(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try object.double(try member(key)) }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try FlatValue(object: object, member: try member(key), path: (parent, key)).decode(type)
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key).map { try object.text($0) } }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key).map { try object.word($0) } }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(key).map { try object.integer(Int.self, $0) } }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try present(key).map { try object.integer($0) } }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try present(key).map { try object.double($0) } }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try present(key).map { try FlatValue(object: object, member: $0, path: (parent, key)).decode(type) }
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        throw object.unsure()
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw object.unsure() }
    func superDecoder() throws -> any Decoder { throw object.unsure() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw object.unsure() }

    private func member(_ key: Key) throws -> FlatObject.Member {
        guard let member = object.member(key) else { throw object.unsure() }
        return member
    }

    private func present(_ key: Key) -> FlatObject.Member? {
        guard let member = object.member(key), member.kind != .null else { return nil }
        return member
    }
}

/// One field, for types that read a single value.
private struct FlatValue: Decoder, SingleValueDecodingContainer {
    let object: FlatObject
    let member: FlatObject.Member
    let path: (any CodingKey, any CodingKey)

    var codingPath: [any CodingKey] { [path.0, path.1] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> { throw object.unsure() }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw object.unsure() }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { member.kind == .null }
    func decode(_ type: String.Type) throws -> String { try object.text(member) }
    func decode(_ type: Bool.Type) throws -> Bool { try object.word(member) }
    func decode(_ type: Int.Type) throws -> Int { try object.integer(type, member) }
    func decode(_ type: Int64.Type) throws -> Int64 { try object.integer(member) }
    func decode(_ type: Double.Type) throws -> Double { try object.double(member) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let value = try known(type) {
            guard let value = value as? T else { throw object.unsure() }
            return value
        }
        // What becomes of null is for those to say who have settled it.
        guard member.kind != .null else { throw object.unsure() }
        return try T(from: self)
    }

    /// The types that do not decode themselves as Foundation decodes them. Those that it has a way of its own with are left to it.
    private func known(_ type: any Decodable.Type) throws -> Any? {
        if type == UUID.self { return try object.uuid(member) }
        if type == Date.self {
            guard let date = Timestamp.date(try object.text(member)) else { throw object.unsure() }
            return date
        }
        if type == Data.self || type == URL.self || type == Decimal.self || type == Float.self { throw object.unsure() }
        if let integer = type as? any FixedWidthInteger.Type { return try object.integer(integer, member) }
        return nil
    }
}
