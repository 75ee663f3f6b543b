import HTTPTypes

/// The origins whose pages may read answers (CORS).
struct AllowedOrigins: Sendable {
    private let origins: [(bytes: [UInt8], text: String)]

    init(_ origins: [Origin]) { self.origins = origins.map { (Array($0.rawValue.utf8), $0.rawValue) } }

    var isEmpty: Bool { origins.isEmpty }

    /// The origin of a request that may. Byte by byte: the header is a stranger's.
    func origin(_ fields: [String]) -> String? {
        guard let field = fields.first, fields.count == 1 else { return nil }
        return origins.first { $0.bytes.elementsEqual(field.utf8) }?.text
    }

    /// What the answer to it says. Said to all: caches must not give one origin's answer to another.
    static func mark(_ headers: inout HTTPFields, for origin: String?) {
        if let origin {
            headers[.accessControlAllowOrigin] = origin
            headers[.accessControlExposeHeaders] = exposed
        }
        headers.append(HTTPField(name: .vary, value: "Origin"))
    }

    /// What a client acts on, beyond what browsers show anyway.
    private static let exposed = [
        "Cache-Status", "ETag", "Leftfold-Position", "Leftfold-Session", "Link", "Location", "Retry-After", "WWW-Authenticate",
        "X-Correlation-Id",
    ].joined(separator: ", ")
}
