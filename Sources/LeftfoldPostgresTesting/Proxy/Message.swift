/// One message with all its bytes: type, length and content.
struct Message {
    let type: MessageType
    let bytes: [UInt8]

    /// The name that the client of a startup message gives itself.
    var applicationName: String? {
        guard type == .startup else { return nil }
        let words = bytes.dropFirst(8).split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard let key = words.indices.first(where: { $0.isMultiple(of: 2) && words[$0] == "application_name" }) else { return nil }
        return words.indices.contains(key + 1) ? words[key + 1] : nil
    }
}

/// Cuts the bytes of one sender into messages.
struct MessageReader {
    /// What comes next.
    enum Phase {
        /// From a client: messages without a type, of which the startup message is the last.
        case opening
        /// From a server: one byte.
        case encryptionAnswer
        case messages
        case encrypted
    }

    private let sender: MessageType.Sender
    private var phase: Phase
    private var bytes: [UInt8] = []
    private var start = 0

    init(_ sender: MessageType.Sender) {
        self.sender = sender
        phase = sender == .client ? .opening : .messages
    }

    mutating func expect(_ next: Phase) { phase = next }

    mutating func take(_ more: some Sequence<UInt8>) {
        bytes.removeFirst(start)
        start = 0
        bytes += more
    }

    /// The next message that is here in full.
    mutating func next() -> Message? {
        switch phase {
        case .encrypted: return cut(bytes.count - start, .encrypted(sender))
        case .encryptionAnswer:
            defer { phase = .messages }
            return cut(1, .encryptionAnswer)
        case .messages:
            guard bytes.count - start >= 5 else { return nil }
            return cut(1 + length(at: start + 1), MessageType(sender, byte: bytes[start]))
        case .opening:
            guard bytes.count - start >= 8 else { return nil }
            let type = opening(code: length(at: start + 4))
            guard let message = cut(length(at: start), type) else { return nil }
            if type == .startup { phase = .messages }
            if type == .cancelRequest { phase = .encrypted }
            return message
        }
    }

    private func opening(code: Int) -> MessageType {
        switch code {
        case 80_877_102: .cancelRequest
        case 80_877_103: .sslRequest
        case 80_877_104: .gssEncryptionRequest
        default: .startup
        }
    }

    private mutating func cut(_ count: Int, _ type: MessageType) -> Message? {
        guard count > 0, bytes.count - start >= count else { return nil }
        defer { start += count }
        return Message(type: type, bytes: Array(bytes[start..<start + count]))
    }

    private func length(at index: Int) -> Int {
        bytes[index..<index + 4].reduce(0) { $0 << 8 | Int($1) }
    }
}
