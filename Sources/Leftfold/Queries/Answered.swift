/// An answer and how new it is.
public struct Answered<Value: Sendable>: Sendable {
    public var value: Value { didSet { kept = nil } }
    /// The answer knows everything up to here, and perhaps more.
    public var position: GlobalPosition
    /// What the cache had to do with it.
    public var cache: CacheStatus = .forwarded(.bypass)
    /// The kept answer that this one is.
    package var kept: CachedAnswer<Value>?
    /// What its cursors are sealed with as JSON.
    package var cursors: CursorSeal?
    /// How far the read models were, in the order of the query's `reads`, when it was read from them.
    package var marks: [ReadModelMark]?
    /// What it was found to rest on when it was read; nil if nothing is known of that.
    package var read: AnswerBasis?

    public init(_ value: Value, at position: GlobalPosition) {
        self.value = value
        self.position = position
    }

    package init(_ value: Value, at marks: [ReadModelMark]) {
        self.init(value, at: marks.position)
        self.marks = marks
    }

    /// What it rests on; nil if nothing is known of that: then nobody is told when it changes.
    package var basis: AnswerBasis? { kept?.basis ?? read }
}

extension Answered where Value: Encodable {
    /// The answer as JSON. That of a kept answer was encoded once, and is shared.
    public func json() throws -> [UInt8] { try kept?.json ?? StrictJSON.encode(value, cursors: cursors) }
}

/// Where an answer comes from, in the words of the `Cache-Status` header (RFC 9211).
public enum CacheStatus: Sendable, Hashable {
    case hit
    case forwarded(Reason)

    /// Why it was read.
    public enum Reason: String, Sendable, CaseIterable {
        /// The query is not cached, or nothing is known of the read models now.
        case bypass
        /// No answer was kept.
        case uriMiss = "uri-miss"
        /// One was, but may have changed.
        case stale
        /// One was, but of a position before the one demanded.
        case request
    }

    /// As it stands in the header behind the name of the cache: `hit`, `fwd=stale`.
    public var parameter: String {
        switch self {
        case .hit: "hit"
        case .forwarded(let reason): "fwd=\(reason.rawValue)"
        }
    }
}
