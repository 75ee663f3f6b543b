import NIOHTTP1

/// What the head of a request says about the connection and about itself, as RFC 9110 and RFC 9112 have it.
struct RequestFraming: Equatable {
    /// Whether the connection ends with the answer.
    var closes = false
    /// The client waits for 100 before it sends the body.
    var awaitsContinue = false
    var hasBody = false

    /// Why the request cannot be taken.
    enum Fault: Error, Equatable {
        case malformed(String)
        case unknownExpectation
    }

    init(_ head: HTTPRequestHead) throws(Fault) {
        guard head.version == .http1_1 || head.version == .http1_0 else { throw .malformed("This is not HTTP/1.1.") }
        try Self.checkHost(head)
        // Before they become texts that are compared.
        guard (head.headers["Connection"] + head.headers["Expect"]).allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) else {
            throw .malformed("Connection and Expect are ASCII.")
        }
        // The decoder takes what follows them for another protocol.
        let leavesHTTP = head.method == .CONNECT || head.headers.contains(name: "Upgrade")
        closes = head.version == .http1_0 || leavesHTTP || Self.tokens(head.headers["Connection"]).contains("close")
        try frame(head)
        guard head.method != .CONNECT, !leavesHTTP || !hasBody else {
            throw .malformed("This is no proxy, and a request with Upgrade has no body.")
        }
        try expect(head)
    }

    private mutating func frame(_ head: HTTPRequestHead) throws(Fault) {
        let (codings, lengths) = (head.headers["Transfer-Encoding"], head.headers["Content-Length"])
        guard codings.isEmpty else {
            // What lies between proxies and us may read anything else in another way.
            guard lengths.isEmpty, head.version == .http1_1, codings.count == 1,
                codings[0].utf8.elementsEqual("chunked".utf8, by: Self.same)
            else { throw .malformed("A body comes with one Content-Length, or as Transfer-Encoding: chunked.") }
            hasBody = true
            return
        }
        guard lengths.count <= 1, lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            throw .malformed("Content-Length must be there once, as a whole number.")
        }
        hasBody = lengths.contains { $0.utf8.contains { $0 != 0x30 } }
    }

    private mutating func expect(_ head: HTTPRequestHead) throws(Fault) {
        let expectations = Self.tokens(head.headers["Expect"])
        guard head.version == .http1_1, !expectations.isEmpty else { return }
        guard expectations.allSatisfy({ $0 == "100-continue" }) else { throw .unknownExpectation }
        awaitsContinue = hasBody
    }

    private static func checkHost(_ head: HTTPRequestHead) throws(Fault) {
        let hosts = head.headers["Host"]
        guard hosts.count <= 1 else { throw .malformed("Host is there twice.") }
        guard let host = hosts.first else {
            if head.version == .http1_0 { return }
            throw .malformed("Host is missing.")
        }
        guard isWellFormed(host) else { throw .malformed("Host is not a host.") }
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets; then, perhaps, a port.
    static func isWellFormed(_ host: String) -> Bool {
        let bytes = Array(host.utf8)
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")), end > 1,
                rest[1..<end].allSatisfy({ isLetterOrDigit($0) || ":.%-_~".utf8.contains($0) })
            else { return false }
            rest = rest[(end + 1)...]
        } else {
            let name = rest.prefix { $0 != UInt8(ascii: ":") }
            guard !name.isEmpty, name.allSatisfy({ isLetterOrDigit($0) || "-._~%!$&'()*+,;=".utf8.contains($0) }) else { return false }
            rest = rest[name.endIndex...]
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        return colon == UInt8(ascii: ":") && port.count <= 5 && port.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// The members of a list that may be spread over several fields, in lower case. ASCII alone: others are no tokens.
    private static func tokens(_ fields: [String]) -> [String] {
        fields.flatMap { field in
            field.utf8.split(separator: UInt8(ascii: ",")).map { part in
                let trimmed = part.drop { $0 == 0x20 || $0 == 0x09 }
                let end = trimmed.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
                return String(decoding: trimmed[..<end].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
            }
        }.filter { !$0.isEmpty }
    }

    private static func same(_ byte: UInt8, _ lowercase: UInt8) -> Bool { byte | 0x20 == lowercase }
}
