/// A right that a role lacks in the database, and the statement that gives it.
public struct MissingRight: Sendable, Codable, Equatable {
    /// What cannot be done: a phrase that goes on after “may not”.
    public var what: String
    /// For somebody who may run it.
    public var statement: String

    public init(_ what: String, _ statement: String) {
        (self.what, self.statement) = (what, statement)
    }
}

/// The role that connects lacks rights for what is to be done. Nothing was done.
public struct MissingRights: Error, Sendable, CustomStringConvertible {
    public let role: String
    public let rights: [MissingRight]

    public var description: String {
        var statements: [String] = []
        for right in rights where !statements.contains(right.statement) { statements.append(right.statement) }
        return "the role \(role) may not \(rights.map(\.what).joined(separator: "; may not ")). What helps: "
            + statements.map { "\($0);" }.joined(separator: " ")
    }
}
