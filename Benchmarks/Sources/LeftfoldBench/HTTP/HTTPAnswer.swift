import NIOCore

/// As much of an HTTP answer as a load generator must know: its status, and that it is complete.
struct HTTPAnswer {
    let status: Int

    /// Nil as long as something is missing. Only answers that tell their length are understood.
    init?(_ bytes: ByteBuffer) throws {
        let view = bytes.readableBytesView
        guard let headerEnd = Self.endOfHeaders(view) else { return nil }
        let header = String(decoding: view[..<headerEnd], as: UTF8.self).lowercased()
        guard let status = Int(header.dropFirst("http/1.1 ".count).prefix(3)), let length = Self.length(header) else {
            throw Unexpected(description: "an answer that the load generator does not understand: \(header)")
        }
        guard view.count == headerEnd - view.startIndex + 4 + length else { return nil }
        self.status = status
    }

    private static func endOfHeaders(_ view: ByteBufferView) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        return view.indices.dropLast(3).first { view[$0] == end[0] && view[$0..<$0 + 4].elementsEqual(end) }
    }

    private static func length(_ header: String) -> Int? {
        for line in header.split(separator: "\r\n") where line.hasPrefix("content-length:") {
            return Int(line.dropFirst("content-length:".count).drop { $0 == " " })
        }
        return nil
    }
}
