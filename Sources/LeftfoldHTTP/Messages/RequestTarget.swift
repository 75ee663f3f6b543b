import Leftfold

/// What a request is for, looked at as bytes before a route is looked for. Routes see only ASCII, no empty, dotted or disguised segments, and
/// no escape that is none: a path means one thing to a proxy in front, to the router and to us.
enum RequestTarget {
    /// In bytes, with the query. RFC 9112 §3 asks for 8,000 at least.
    static let maximumLength = 8 << 10

    /// The path and query to route by: without scheme and host, and without one slash at the end of the path.
    static func read(_ target: String?) throws(RequestRefusal) -> String {
        guard let target, !target.utf8.isEmpty else { throw .malformedTarget }
        guard target.utf8.count <= maximumLength else { throw .targetTooLong(limit: maximumLength) }
        guard target.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else { throw .malformedTarget }
        if target.utf8.elementsEqual("*".utf8) { return target }

        let relative = try withoutAuthority(target.utf8[...])
        let mark = relative.firstIndex(of: UInt8(ascii: "?")) ?? relative.endIndex
        var path = relative[..<mark]
        guard PercentEncoding.bytes(of: relative[mark...]) != nil else { throw .malformedTarget }
        if path.count > 2, path.last == UInt8(ascii: "/") { path = path.dropLast() }
        try check(path)
        if path.count == target.utf8.count { return target }
        return String(decoding: (path.isEmpty ? Array("/".utf8) : Array(path)) + Array(relative[mark...]), as: UTF8.self)
    }

    /// Clients of proxies send whole URLs (RFC 9112 §3.2.2).
    private static func withoutAuthority(_ target: Substring.UTF8View) throws(RequestRefusal) -> Substring.UTF8View {
        if target.first == UInt8(ascii: "/") { return target }
        for scheme in ["http://", "https://"] as [StaticString]
        where target.count > scheme.utf8CodeUnitCount && Array(target.prefix(scheme.utf8CodeUnitCount)).isWord(scheme) {
            let rest = target.dropFirst(scheme.utf8CodeUnitCount)
            return rest[(rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex)...]
        }
        throw .malformedTarget
    }

    private static func check(_ path: Substring.UTF8View) throws(RequestRefusal) {
        guard !path.isEmpty, path.count > 1 else { return }
        for segment in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            // `/users//deactivate` is not `/users/deactivate`.
            guard !segment.isEmpty else { throw .unknownRoute }
            guard let bytes = PercentEncoding.bytes(of: segment),
                !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") }),
                !bytes.elementsEqual(".".utf8), !bytes.elementsEqual("..".utf8)
            else { throw .malformedTarget }
        }
    }
}
