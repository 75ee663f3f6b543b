public import Foundation
public import Leftfold
public import LeftfoldDriver
public import LeftfoldPostgres

/// The changes of one user, page by page, as they were stored.
///
/// Changes are only ever added at the new end, so that a walk by cursors shows each one exactly once.
public struct GetUserHistory: PostgresQuery {
    public static let permission: Permission = "users:read_history"
    public static let reads = [UserHistory.name]
    public static let maximumRunning = 4
    /// More changes than this are never answered at once.
    public static let maximumLimit = 1000

    public struct Answer: Codable, Sendable, Equatable {
        public var id: UUID
        public var changes: [Change]
        /// Whether there are changes behind this page.
        public var hasMore: Bool
        /// The cursor of the page behind this one, where there are more.
        public var next: Cursor?
        /// The cursor of the page before this one, unless it is the first.
        public var previous: Cursor?

        enum CodingKeys: String, CodingKey {
            case id, changes, next, previous
            case hasMore = "has_more"
        }
    }

    public struct Change: Codable, Sendable, Equatable {
        public var version: Int64
        public var position: Int64
        public var type: String
        /// What the event says, as it was stored: `email`, `name`, `reason`, and whatever other versions of the program wrote.
        public var data: RawJSON
        public var recordedAt: Date
        public var commandID: UUID
        public var principal: String?

        enum CodingKeys: String, CodingKey {
            case version, position, type, data, principal
            case recordedAt = "recorded_at"
            case commandID = "command_id"
        }

        init(_ row: Row) throws {
            let json: JSONBytes
            (version, position, type, json, recordedAt, commandID, principal) = try row.decode(
                Int64.self, Int64.self, String.self, JSONBytes.self, Date.self, UUID.self, String?.self)
            data = RawJSON(json.bytes)
        }
    }

    public let id: UUID
    /// 1…1000; 100 unless given.
    public let limit: Int?
    /// From another page of the same history.
    public let cursor: Cursor?
    /// `asc`, the oldest first, or `desc`; `asc` unless given.
    public let order: String?

    public init(id: UUID, limit: Int? = nil, cursor: Cursor? = nil, order: String? = nil) {
        self.id = id
        self.limit = limit
        self.cursor = cursor
        self.order = order
    }

    public func validate() throws {
        var problems = ListProblems()
        problems.check("limit", limit, in: 1...Self.maximumLimit)
        problems.check("order", order, isOneOf: ["asc", "desc"])
        try problems.throwIfAny()
        if let cursor { _ = try Self.version(try place(cursor)) }
    }

    public var statement: SQL {
        let place = place
        let runsDown = (order == "desc") != (place?.direction == .previous)
        let beyond: SQL? = place.flatMap { try? Self.version($0) }.map { "version \(unsafe: runsDown ? "<" : ">") \($0)" }
        return """
            SELECT version, position, type, data, recorded_at, command_id, principal
            FROM user_history WHERE user_id = \(id) AND \(fragment: beyond ?? "true")
            ORDER BY version\(unsafe: runsDown ? " DESC" : "") LIMIT \(Int64(pageSize + 1))
            """
    }

    public func dependencies(of answer: Answer) -> Dependencies { [.user(id)] }

    public func answer(_ rows: Rows) throws -> Answer {
        // Behind the newest change there is nothing yet; a user without any change does not exist.
        guard !rows.isEmpty || cursor != nil else { throw NotFound.user }
        let page = Page(try rows.map(Change.init), size: pageSize, from: place, of: list, key: { ["\($0.version)"] })
        return Answer(id: id, changes: page.elements, hasMore: page.next != nil, next: page.next, previous: page.previous)
    }

    private var pageSize: Int { limit ?? 100 }

    /// Which history it is, for its cursors.
    private var list: [String] { [Self.name, id.uuidString, order ?? "asc"] }

    private var place: ListPlace? { cursor.flatMap { try? place($0) } }

    private func place(_ cursor: Cursor) throws(MalformedInput) -> ListPlace { try ListPlace(cursor, of: list, keyFields: 1) }

    private static func version(_ place: ListPlace) throws(MalformedInput) -> Int64 {
        guard let version = place.key.first.flatMap(Int64.init) else { throw .invalidCursor }
        return version
    }
}
