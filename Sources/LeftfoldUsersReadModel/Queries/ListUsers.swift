import Foundation
public import Leftfold
public import LeftfoldDriver
public import LeftfoldPostgres

/// Users in the order in which they were created.
public struct ListUsers: PostgresQuery {
    public static let permission: Permission = "users:read"
    public static let reads = [UserDirectory.name]
    /// More rows than this are never answered at once.
    public static let maximumLimit = 500
    /// Beyond this, paging by offset costs more than anybody wants to wait for: narrow the search instead.
    public static let maximumOffset = 1_000_000

    public struct Answer: Codable, Sendable, Equatable {
        public var users: [UserView]
        public var limit: Int
        public var offset: Int
        /// Whether there are users behind this page.
        public var hasMore: Bool

        enum CodingKeys: String, CodingKey {
            case users, limit, offset
            case hasMore = "has_more"
        }
    }

    /// 1…500; 50 unless given.
    public let limit: Int?
    public let offset: Int?
    /// `active` or `deactivated`; both unless given.
    public let status: String?
    /// Part of the name or the e-mail address, in any case.
    public let search: String?

    public init(limit: Int? = nil, offset: Int? = nil, status: String? = nil, search: String? = nil) {
        self.limit = limit
        self.offset = offset
        self.status = status
        self.search = search
    }

    public func validate() throws(ValidationError) {
        var problems: [ValidationError.Problem] = []
        if let limit, !(1...Self.maximumLimit).contains(limit) {
            problems.append(.init(field: "limit", problem: "must be between 1 and \(Self.maximumLimit)"))
        }
        if let offset, !(0...Self.maximumOffset).contains(offset) {
            problems.append(.init(field: "offset", problem: "must be between 0 and \(Self.maximumOffset)"))
        }
        if let status, status != "active", status != "deactivated" {
            problems.append(.init(field: "status", problem: "must be active or deactivated"))
        }
        if let search, search.utf8.count > 200 || search.utf8.contains(0) {
            problems.append(.init(field: "search", problem: "must be at most 200 bytes of text"))
        }
        if !problems.isEmpty { throw ValidationError(problems) }
    }

    public var statement: SQL {
        var sql: SQL = "SELECT \(unsafe: UserView.columns) FROM user_directory WHERE true"
        if let status { sql = "\(fragment: sql) AND status = \(status)" }
        if let search, !search.isEmpty {
            let pattern = "%\(Self.literal(folded(search)))%"
            sql = "\(fragment: sql) AND (name_folded LIKE \(pattern) OR email_folded LIKE \(pattern))"
        }
        return "\(fragment: sql) ORDER BY listed_at LIMIT \(Int64(pageSize + 1)) OFFSET \(Int64(offset ?? 0))"
    }

    public func answer(_ rows: Rows) throws -> Answer {
        Answer(
            users: try rows.prefix(pageSize).map(UserView.init), limit: pageSize, offset: offset ?? 0, hasMore: rows.count > pageSize)
    }

    private var pageSize: Int { limit ?? 50 }

    /// The text as a LIKE pattern that matches just itself.
    private static func literal(_ text: String) -> String {
        text.reduce(into: "") { pattern, character in
            if "\\%_".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
    }
}
