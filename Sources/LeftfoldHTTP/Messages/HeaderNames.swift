public import HTTPTypes

extension HTTPField.Name {
    /// The command id. A repeat with the same key and the same content gets the same answer (I10).
    public static let idempotencyKey = literal("Idempotency-Key")
    /// The conversation. Every answer carries it.
    public static let correlationID = literal("X-Correlation-Id")
    /// What caused this request.
    public static let causationID = literal("X-Causation-Id")
    /// In answers: the position written or read at. In requests: the position that the answer must know (I9).
    public static let leftfoldPosition = literal("Leftfold-Position")

    /// In requests and answers: the client's session; see ``ReadSession``.
    static let leftfoldSession = literal("Leftfold-Session")
    /// The last message of an event stream that a client got.
    static let lastEventID = literal("Last-Event-ID")
    /// What a cache had to do with an answer (RFC 9211).
    static let cacheStatus = literal("Cache-Status")
    /// Tells proxies of the nginx kind not to collect an answer before they pass it on.
    static let accelBuffering = literal("X-Accel-Buffering")

    static let contentTypeOptions = literal("X-Content-Type-Options")

    /// A name written in this file. An ill-formed one is a mistake of the programmer and traps.
    private static func literal(_ name: StaticString) -> HTTPField.Name {
        guard let name = HTTPField.Name("\(name)") else { preconditionFailure("“\(name)” is not the name of a header field") }
        return name
    }
}
