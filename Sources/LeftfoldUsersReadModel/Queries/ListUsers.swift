import Foundation
public import Leftfold
public import LeftfoldDriver
public import LeftfoldPostgres

/// Users, page by page.
///
/// A page is found by the `cursor` that another one gave, at the same cost however far down it is, or by `offset`. Whatever is written meanwhile, a walk by
/// cursors shows a user that is in the list all the time exactly once, if what the list is sorted by does not change; the time of
/// creation, which it is sorted by unless asked otherwise, never does.
public struct ListUsers: PostgresQuery {
    public static let permission: Permission = "users:read"
    public static let reads = [UserDirectory.name]
    /// Searches read the table. However many are asked for, they leave connections of the pool to others, and a share of the processors, of
    /// which the database is taken to have as many as this process.
    public static let maximumRunning = min(4, max(2, ProcessInfo.processInfo.activeProcessorCount))
    /// More rows than this are never answered at once.
    public static let maximumLimit = 500
    /// What is skipped is read. Beyond this, go on by cursor.
    public static let maximumOffset = 10_000

    public struct Answer: Codable, Sendable, Equatable {
        public var users: [UserView]
        public var limit: Int
        /// Nil for a page that was found by cursor.
        public var offset: Int?
        /// Whether there are users behind this page.
        public var hasMore: Bool
        /// The cursor of the page behind this one, where there are more.
        public var next: Cursor?
        /// The cursor of the page before this one, unless it is the first.
        public var previous: Cursor?
        /// How many users the whole list has, where that was asked for.
        public var total: Int?

        enum CodingKeys: String, CodingKey {
            case users, limit, offset, next, previous, total
            case hasMore = "has_more"
        }
    }

    /// 1…500; 50 unless given.
    public let limit: Int?
    /// 0…10,000.
    public let offset: Int?
    /// From another page of the same list; `limit` and `total` may differ.
    public let cursor: Cursor?
    /// `created_at`, `name` or `email`; unless given `created_at`, or `name` if there is a prefix.
    public let sort: String?
    /// `asc` or `desc`; `asc` unless given.
    public let order: String?
    /// `active` or `deactivated`; both unless given.
    public let status: String?
    /// What the name, or sorted by `email` the address, begins with, in any spelling that is taken for the same (`Folding`).
    public let prefix: String?
    /// Part of the name or the e-mail address, likewise. The whole table is read for it, unless PostgreSQL has the extension `pg_trgm`.
    public let search: String?
    /// Whether to count all users of the list; it costs reading them.
    public let total: Bool?

    public init(
        limit: Int? = nil, offset: Int? = nil, cursor: Cursor? = nil, sort: String? = nil, order: String? = nil, status: String? = nil,
        prefix: String? = nil, search: String? = nil, total: Bool? = nil
    ) {
        self.limit = limit
        self.offset = offset
        self.cursor = cursor
        self.sort = sort
        self.order = order
        self.status = status
        self.prefix = prefix
        self.search = search
        self.total = total
    }

    public func validate() throws {
        var problems = ListProblems()
        problems.check("limit", limit, in: 1...Self.maximumLimit)
        problems.check("offset", offset, in: 0...Self.maximumOffset)
        if cursor != nil, offset != nil { problems.add("offset", "must not be given with a cursor") }
        problems.check("sort", sort, isOneOf: UserOrder.Key.allCases.map(\.rawValue))
        problems.check("order", order, isOneOf: ["asc", "desc"])
        problems.check("status", status, isOneOf: UserFilter.statuses)
        problems.check("prefix", text: prefix)
        if filter.prefix != nil, userOrder.column == nil { problems.add("prefix", "needs a list that is sorted by name or email") }
        problems.check("search", text: search)
        try problems.throwIfAny()
        if let cursor { _ = try userOrder.condition(try place(cursor)) }
    }

    public var statement: SQL {
        let place = place
        let condition = filter.condition(userOrder)
        let beyond = place.flatMap { try? userOrder.condition($0) } ?? "true"
        let rows: SQL = "SELECT * FROM user_directory WHERE \(fragment: condition) AND \(fragment: beyond)"
        // Sought by part in the order of a name, a rare text would be looked for all over the table, row by row. OFFSET 0 has it read from end to end.
        let isFenced = filter.search != nil && userOrder.column != nil
        let page: SQL = """
            SELECT \(unsafe: UserView.columns), \(fragment: userOrder.keyColumns) AS sorted_by
            FROM (\(fragment: rows)\(unsafe: isFenced ? " OFFSET 0" : "")) AS listed
            ORDER BY \(fragment: userOrder.clause(place?.direction ?? .next)) LIMIT \(Int64(pageSize + 1)) OFFSET \(Int64(offset ?? 0))
            """
        guard total == true else { return page }
        // One row even for an empty page: the count is in it.
        return """
            SELECT page.*, counted.total
            FROM (SELECT count(*) AS total FROM user_directory WHERE \(fragment: condition)) AS counted
                LEFT JOIN LATERAL (\(fragment: page)) AS page ON true
            """
    }

    /// Those on the page, and whatever could bring another user onto it, before it or into the count.
    public func dependencies(of answer: Answer) -> Dependencies {
        var dependencies = Set(answer.users.map { Dependency.user($0.id) })
        if total == true || creationsEnter(answer) { dependencies.insert(.users) }
        if filter.status != nil { dependencies.insert(.userStatuses) }
        if filter.search != nil || userOrder.key == .name { dependencies.insert(.userNames) }
        if filter.search != nil || userOrder.key == .email { dependencies.insert(.userEmails) }
        return .only(dependencies)
    }

    /// Whether a new user may change the page. In the order of creation they come at the end.
    private func creationsEnter(_ answer: Answer) -> Bool {
        guard userOrder.key == .createdAt else { return true }
        let direction = place?.direction ?? .next
        // Read away from the end: from a place on, nothing new lies that way.
        if userOrder.isDescending != (direction == .previous) { return place == nil }
        // Read towards the end: a page with another one behind it is full.
        return (direction == .next ? answer.next : answer.previous) == nil
    }

    public func answer(_ rows: Rows) throws -> Answer {
        let found = try rows.compactMap { row in try Found(row, isCounted: total == true) }
        let page = Page(
            found, size: pageSize, from: place, skipped: (offset ?? 0) > 0, of: list, key: { ["\($0.listedAt)", $0.sortedBy] })
        return Answer(
            users: page.elements.map(\.user), limit: pageSize, offset: cursor == nil ? offset ?? 0 : nil, hasMore: page.next != nil,
            next: page.next, previous: page.previous,
            total: total == true ? try rows.first.map { Int(try $0["total"].decode(Int64.self)) } : nil)
    }

    private struct Found {
        let user: UserView
        let listedAt: Int64
        let sortedBy: String

        /// Nil for the row that only counts.
        init?(_ row: Row, isCounted: Bool) throws {
            if try row[0].isNull { return nil }
            user = try UserView(row)
            listedAt = try row["listed_at"].decode()
            sortedBy = try row["sorted_by"].decode()
        }
    }

    private var pageSize: Int { limit ?? 50 }

    private var userOrder: UserOrder {
        let usual = filter.prefix == nil ? UserOrder.Key.createdAt : .name
        return UserOrder(key: sort.flatMap(UserOrder.Key.init) ?? usual, isDescending: order == "desc")
    }

    /// No text is no filter.
    private var filter: UserFilter {
        UserFilter(status: status, prefix: prefix.flatMap { $0.isEmpty ? nil : $0 }, search: search.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// Which list it is, for its cursors.
    private var list: [String] {
        [Self.name, userOrder.key.rawValue, userOrder.isDescending ? "desc" : "asc", status ?? "", prefix ?? "", search ?? ""]
    }

    private var place: ListPlace? { cursor.flatMap { try? place($0) } }

    private func place(_ cursor: Cursor) throws(MalformedInput) -> ListPlace { try ListPlace(cursor, of: list, keyFields: 2) }
}
