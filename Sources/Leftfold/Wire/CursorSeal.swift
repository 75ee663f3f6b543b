import Foundation

/// Makes cursors that clients can neither read nor make. Without one they are plain, which is right within a process.
///
/// What is sealed twice must be the same bytes twice: equal answers have equal bytes.
public struct CursorSeal: Sendable {
    let seal: @Sendable ([UInt8]) throws -> [UInt8]
    let open: @Sendable ([UInt8]) -> [UInt8]?

    /// - Parameters:
    ///   - seal: what goes to the client, at most some forty bytes more than it gets.
    ///   - open: the reverse; nil for all that was not sealed with the same key.
    public init(seal: @escaping @Sendable ([UInt8]) throws -> [UInt8], open: @escaping @Sendable ([UInt8]) -> [UInt8]?) {
        self.seal = seal
        self.open = open
    }
}

extension CodingUserInfoKey {
    /// The ``CursorSeal`` of a decoder or encoder.
    static let cursorSeal = CodingUserInfoKey("leftfold.cursor_seal")

    init(_ name: StaticString) {
        guard let key = Self(rawValue: "\(name)") else { preconditionFailure("\(name) is no key") }
        self = key
    }
}
