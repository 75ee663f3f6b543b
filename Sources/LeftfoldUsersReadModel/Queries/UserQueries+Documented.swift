import Foundation
public import Leftfold

// What the contract says of the queries and their answers, beyond their types.

extension GetUser: Documented {
    public static let summary = "One user, whatever the status."
    public static let examples = [GetUser(id: UUID.jsonSample)]
    public static let refusals: [any Refusal]? = [NotFound.user]
}

extension GetUserHistory: Documented {
    public static let summary = "The changes of one user, page by page, as they were stored."
    public static let fields: [String: JSONSchema] = [
        "limit": .integer(1...Int64(maximumLimit)).described("100 unless given."),
        "order": .string(oneOf: ["asc", "desc"]).described("`asc`, the oldest first, unless given."),
    ]
    public static let examples = [GetUserHistory(id: UUID.jsonSample, limit: 100)]
    public static let refusals: [any Refusal]? = [NotFound.user]
}

extension ListUsers: Documented {
    public static let summary = "Users, page by page: sorted, filtered, searched."
    public static let fields: [String: JSONSchema] = [
        "limit": .integer(1...Int64(maximumLimit)).described("50 unless given."),
        "offset": .integer(0...Int64(maximumOffset)).described(
            "How many to skip. Not with `cursor`, which goes on at the same cost however far down."),
        "sort": .string(oneOf: UserOrder.Key.allCases.map(\.rawValue)).described(
            "`created_at` unless given, or `name` if there is a `prefix`."),
        "order": .string(oneOf: ["asc", "desc"]).described("`asc` unless given."),
        "status": .string(oneOf: UserFilter.statuses).described("Both unless given."),
        "prefix": .string(length: 0...200).described("What the name, or sorted by `email` the address, begins with. At most 200 bytes."),
        "search": .string(length: 0...200).described("Part of the name or the address. At most 200 bytes."),
        "total": JSONSchema.boolean.described("Whether to count all users of the list."),
    ]
    public static let examples = [ListUsers(limit: 10, sort: "name", status: "active", total: true)]
    public static let refusals: [any Refusal]? = []
}

extension ListUsers.Answer: Documented {
    public static let fields: [String: JSONSchema] = [
        "offset": JSONSchema([:]).described("Absent from a page that was found by cursor."),
        "has_more": JSONSchema.boolean.described("Whether there are users behind this page."),
        "total": JSONSchema.anything.described("How many the whole list has, where that was asked for."),
    ]
}

extension GetUserHistory.Change: Documented {
    public static let fields: [String: JSONSchema] = [
        "type": .string().described("The event's stored name, such as `UserRenamed`."),
        "data": JSONSchema.anything.described("What the event says, as it was stored."),
        "principal": JSONSchema.anything.described("Who did it."),
    ]
}

extension UserView: Documented {
    public static let summary = "A user."
    public static let fields: [String: JSONSchema] = [
        "status": .string(oneOf: UserFilter.statuses), "version": .integer(1...).described("To send as `If-Match` when changing it."),
    ]
    public static let examples = [
        UserView(
            id: UUID.jsonSample, email: "ada@example.com", name: "Ada Lovelace", status: "active", version: 1, createdAt: Date.jsonSample,
            updatedAt: Date.jsonSample)
    ]
}
