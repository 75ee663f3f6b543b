import Foundation

/// A place in a list, from which the next page goes on. To clients it is a text without meaning.
///
/// A query makes one of bytes of its own, which say where the page ended and what list it was, and reads them when the client sends
/// the cursor back. On the wire it is base64url (RFC 4648 §5, without padding) of the bytes, sealed if there is a ``CursorSeal``. Text that is
/// longer than ``maximumLength``, is not base64url or was not sealed with the same key is refused with the code `invalid_cursor`.
public struct Cursor: Sendable, Hashable {
    /// In bytes of text. What is longer is refused unread.
    public static let maximumLength = 1024

    public let payload: [UInt8]

    public init(_ payload: [UInt8]) { self.payload = payload }
}

extension Cursor: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard text.utf8.count <= Self.maximumLength, let bytes = Base64URL.decode(text.utf8) else { throw MalformedInput.invalidCursor }
        guard let seal = decoder.userInfo[.cursorSeal] as? CursorSeal else {
            self.init(bytes)
            return
        }
        guard let payload = seal.open(bytes) else { throw MalformedInput.invalidCursor }
        self.init(payload)
    }

    public func encode(to encoder: any Encoder) throws {
        let seal = encoder.userInfo[.cursorSeal] as? CursorSeal
        var container = encoder.singleValueContainer()
        try container.encode(Base64URL.encode(try seal?.seal(payload) ?? payload))
    }
}

extension MalformedInput {
    /// A cursor that is not one of ours, or belongs to another list.
    public static let invalidCursor = MalformedInput(
        code: "invalid_cursor", "The cursor is not one that this list gave. Leave it out to begin anew.")
}
