import LeftfoldDriver

/// What a role of the database is for: as members of these, processes have the rights that they need, and no others.
public enum DatabaseRole: String, Sendable, CaseIterable, Codable {
    /// Owns the log: migrates.
    case owner
    /// Appends, and reads the log and the read tables.
    case service
    /// Moves followers, and owns the read tables: projects and rebuilds.
    case projector
    /// Reads everything, and may do what a projector may.
    case `operator`
    /// Reads the log and the read tables.
    case reader
    /// Appends, and sees nothing.
    case writer

    /// The subcommands that it is for.
    public var purpose: String {
        switch self {
        case .owner: "migrate"
        case .service: "serve, send, ask, import"
        case .projector: "project, rebuild"
        case .operator: "doctor, events, journal, projections, rebuild"
        case .reader: "reports: reads the log and the read tables"
        case .writer: "programs that only append"
        }
    }
}

/// The roles of a log that are to be there. None of them can log in; the roles that do become members of them.
public struct DatabaseRoles: Sendable {
    /// Each is called by this, an underscore, and what it is for, such as `leftfold_service`; nil: the log's name. Any text of at most
    /// 53 bytes.
    public var prefix: String?
    /// Login roles that are there, and what they are to be members of.
    public var members: [(login: String, role: DatabaseRole)]

    public init(prefix: String? = nil, members: [(login: String, role: DatabaseRole)] = []) {
        (self.prefix, self.members) = (prefix, members)
    }

    /// One of them, as it is now.
    public struct Made: Sendable, Codable, Equatable {
        public var role: String
        public var kind: DatabaseRole
        /// Whether it was not there before.
        public var created: Bool
        /// The subcommands that it is for.
        public var purpose: String
    }
}

/// The roles of this name have rights in another database of the server, too: whoever is a member would have them in both.
public struct SharedRoles: Error, Sendable, CustomStringConvertible {
    public let prefix: String
    public var description: String {
        "roles called \(prefix)_… have rights in another database of this server; choose a prefix for this one, or say the same one to share them"
    }
}

extension SQL.Interpolation {
    /// Any name, quoted.
    mutating func appendInterpolation(name: String) {
        appendInterpolation(unsafe: "\"\(name.replacing("\"", with: "\"\""))\"")
    }
}
