/// A decoder without data: it hands out harmless values and takes notes of what was asked for.
struct RecordingDecoder: Decoder {
    let notes: Notes
    var codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        notes.becomesObject()
        return KeyedDecodingContainer(RecordingObject<Key>(notes: notes, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        notes.becomesArray()
        return RecordingArray(notes: notes, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { RecordingScalar(notes: notes, codingPath: codingPath) }
}

private struct RecordingScalar: SingleValueDecodingContainer {
    let notes: Notes
    let codingPath: [any CodingKey]

    func decodeNil() -> Bool {
        notes.isNullable = true
        return false
    }

    func decode<T: Decodable>(_ type: T.Type) throws -> T { try notes.value(type, codingPath) { notes.becomes($0) } }
}

/// An array of one element.
private struct RecordingArray: UnkeyedDecodingContainer {
    let notes: Notes
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0
    var count: Int? { nil }
    var isAtEnd: Bool { currentIndex > 0 }

    init(notes: Notes, codingPath: [any CodingKey]) { (self.notes, self.codingPath) = (notes, codingPath) }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        currentIndex += 1
        return try notes.value(type, codingPath) { notes.becomesArray(of: $0) }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(keyedBy type: NestedKey.Type) throws -> KeyedDecodingContainer<NestedKey> {
        try superDecoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try superDecoder().unkeyedContainer() }

    mutating func superDecoder() throws -> any Decoder {
        currentIndex += 1
        notes.becomesArray(of: .anything)
        return RecordingDecoder(notes: Notes(book: notes.book, guess: notes.guess), codingPath: codingPath)
    }
}

private struct RecordingObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let notes: Notes
    let codingPath: [any CodingKey]

    /// Of an enumeration whose cases are listed, one; else none.
    var allKeys: [Key] {
        guard let type = Key.self as? any CaseIterable.Type, let all = Self.all(type), all.indices.contains(notes.choice) else {
            notes.isOpen = true
            return []
        }
        notes.choices = all.count
        return [all[notes.choice]]
    }

    private static func all<C: CaseIterable>(_ type: C.Type) -> [Key]? { Array(type.allCases) as? [Key] }

    func contains(_ key: Key) -> Bool {
        notes.lookedFor(key.stringValue)
        return true
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        notes.lookedFor(key.stringValue)
        return false
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        let isOptional = notes.mayBeAbsent(key.stringValue)
        return try notes.value(type, codingPath + [key]) {
            notes.read(key.stringValue, isOptional ? $0.nullable : $0, isRequired: !isOptional)
        }
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? { absent(type, key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { absent(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { absent(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { absent(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { absent(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { absent(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { absent(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { absent(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { absent(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { absent(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { absent(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { absent(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { absent(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { absent(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { absent(type, key) }

    /// Absent, or null.
    private func absent<T: Decodable>(_ type: T.Type, _ key: Key) -> T? {
        notes.read(key.stringValue, notes.book.schema(of: type).nullable, isRequired: false)
        return nil
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try superDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try superDecoder(forKey: key).unkeyedContainer() }

    func superDecoder() throws -> any Decoder {
        notes.read("super", .anything, isRequired: true)
        return RecordingDecoder(notes: Notes(book: notes.book, guess: notes.guess), codingPath: codingPath)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        let nested = Notes(book: notes.book, guess: notes.guess)
        notes.contains(nested, as: key.stringValue)
        return RecordingDecoder(notes: nested, codingPath: codingPath + [key])
    }
}
