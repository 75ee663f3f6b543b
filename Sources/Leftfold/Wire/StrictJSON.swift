import Foundation

/// JSON from strangers. Looked over before any recursive decoder sees it: form, depth, number and length of its parts, repeated keys; and
/// afterwards no field of the top-level object may be left that the type does not know. No number is rounded to an integer.
public enum StrictJSON {
    /// Deeper nesting is refused: recursive decoders overflow the stack.
    public static let maximumDepth = 64
    /// JSON with more values, containers included, is refused: each costs a decoder more than its bytes.
    public static let maximumValues = 10_000
    /// In bytes. Longer keys are refused: no field is called so.
    public static let maximumKeyLength = 128
    /// In bytes. Longer numbers are refused.
    public static let maximumNumberLength = 128

    /// The ``Cursor``s in it are sealed with `cursors`; nil: they are plain.
    public static func decode<T: Decodable>(
        _ type: T.Type, from json: [UInt8], cursors: CursorSeal? = nil
    ) throws(MalformedInput) -> T {
        try decode(type, from: try InspectedJSON(json), cursors: cursors)
    }

    package static func decode<T: Decodable>(
        _ type: T.Type, from json: InspectedJSON, cursors: CursorSeal? = nil
    ) throws(MalformedInput) -> T {
        do {
            let decoder = cursors.map { JSONCoding.decoder([.cursorSeal: $0]) } ?? JSONCoding.decoder
            if let json = json.withFractions { _ = try decoder.decode(Strict<T>.self, from: Data(json)) }
            return try decoder.decode(Strict<T>.self, from: Data(json.bytes)).value
        } catch let malformed as MalformedInput {
            throw malformed
        } catch let error as DecodingError {
            throw MalformedInput(error)
        } catch {
            throw MalformedInput("The JSON cannot be read.")
        }
    }

    /// The ``Cursor``s in it are sealed with `cursors`; nil: they are plain.
    public static func encode(_ value: some Encodable, cursors: CursorSeal? = nil) throws -> [UInt8] {
        let places = RawJSONPlaces()
        var userInfo: [CodingUserInfoKey: any Sendable] = [.rawJSONPlaces: places]
        userInfo[.cursorSeal] = cursors
        return places.filled([UInt8](try JSONCoding.encoder(userInfo).encode(value)))
    }
}

extension MalformedInput {
    init(_ error: DecodingError) {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
            if path.isEmpty { return "the top level" }
            // The keys of a dictionary are the client's words.
            return path.utf8.count <= NameInMessage.maximumLength ? "“\(path)”" : "A value"
        }
        switch error {
        case .keyNotFound(let key, _): self.init(code: "missing_field", "The field “\(key.stringValue)” is missing.")
        case .typeMismatch(let type, let context):
            self.init(code: "wrong_type", "\(place(context)) is not of the type \(type).")
        case .valueNotFound(let type, let context):
            self.init(code: "wrong_type", "\(place(context)) is null, but must be of the type \(type).")
        case .dataCorrupted(let context):
            // The form was looked over: what is left is a value that the type cannot hold, such as 1.5 for an integer.
            self.init(code: "wrong_type", context.codingPath.isEmpty ? "A value is not valid." : "\(place(context)) is not valid.")
        @unknown default: self.init("The JSON cannot be read.")
        }
    }
}

/// Decodes `T` and then refuses the keys of the top-level object that `T` did not name.
private struct Strict<T: Decodable>: Decodable {
    let value: T

    init(from decoder: any Decoder) throws {
        value = try T(from: StrictDecoder(base: decoder))
    }
}

/// The base decoder, except that a keyed container is handed out only if it has no key that the caller does not know.
private struct StrictDecoder: Decoder {
    let base: any Decoder

    var codingPath: [any CodingKey] { base.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { base.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let container = try base.container(keyedBy: type)
        let everything = try base.container(keyedBy: AnyKey.self).allKeys
        if everything.count != container.allKeys.count, let unknown = everything.first(where: { Key(stringValue: $0.stringValue) == nil }) {
            throw MalformedInput(code: "unknown_field", "\(NameInMessage.the("field", unknown.stringValue.utf8)) is not known.")
        }
        return container
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try base.unkeyedContainer() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { try base.singleValueContainer() }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
