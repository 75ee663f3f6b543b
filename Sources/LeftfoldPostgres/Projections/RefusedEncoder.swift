/// What has no place in a column.
struct RefusedEncoder: Encoder, UnkeyedEncodingContainer {
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
        func encodeNil() throws { throw RefusedEncoder().refusal }
        func encode<T: Encodable>(_ value: T) throws { throw RefusedEncoder().refusal }
    }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        var codingPath: [any CodingKey] { [] }
        func encodeNil(forKey key: Key) throws { throw RefusedEncoder().refusal }
        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { throw RefusedEncoder().refusal }
        func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
            RefusedEncoder().container(keyedBy: type)
        }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { RefusedEncoder() }
        func superEncoder() -> any Encoder { RefusedEncoder() }
        func superEncoder(forKey key: Key) -> any Encoder { RefusedEncoder() }
    }
}
