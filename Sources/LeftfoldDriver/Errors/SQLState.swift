/// The five-character code with which Postgres classifies an error.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// Five letters or digits, for example `23505`.
    public let rawValue: String

    /// Any code; it is not checked.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Any code; it is not checked.
    public init(_ code: String) { self.rawValue = code }

    /// The code without its meaning, as the server's manual lists it.
    public var description: String { rawValue }

    /// The first two characters: the class of the error.
    public var errorClass: String { String(rawValue.prefix(2)) }

    /// 08000: the connection is gone.
    public static let connectionException = SQLState("08000")
    /// 08006: the connection failed.
    public static let connectionFailure = SQLState("08006")
    /// 0A000: not supported; also “cached plan must not change result type”.
    public static let featureNotSupported = SQLState("0A000")
    /// 22021: text that is not valid in the server's encoding.
    public static let characterNotInRepertoire = SQLState("22021")
    /// 22P02: text that cannot be read as its type.
    public static let invalidTextRepresentation = SQLState("22P02")
    /// 23502: a column that must have a value got `NULL`.
    public static let notNullViolation = SQLState("23502")
    /// 23503: a row refers to one that does not exist, or is referred to.
    public static let foreignKeyViolation = SQLState("23503")
    /// 23505: a key that must be unique is there already.
    public static let uniqueViolation = SQLState("23505")
    /// 23514: a row breaks a rule of its table.
    public static let checkViolation = SQLState("23514")
    /// 25006: a write on a standby or in a read-only transaction.
    public static let readOnlySQLTransaction = SQLState("25006")
    /// 25P02: the transaction is aborted; only `ROLLBACK` is accepted.
    public static let inFailedSQLTransaction = SQLState("25P02")
    /// 25P03: the transaction did nothing for longer than the server allows; the session is over.
    public static let idleInTransactionSessionTimeout = SQLState("25P03")
    /// 26000: no such prepared statement.
    public static let invalidSQLStatementName = SQLState("26000")
    /// 28000: this role may not connect, or not in this way.
    public static let invalidAuthorizationSpecification = SQLState("28000")
    /// 28P01: the password is wrong.
    public static let invalidPassword = SQLState("28P01")
    /// 3D000: no such database.
    public static let invalidCatalogName = SQLState("3D000")
    /// 40001: run the whole transaction again.
    public static let serializationFailure = SQLState("40001")
    /// 40P01: run the whole transaction again.
    public static let deadlockDetected = SQLState("40P01")
    /// 42501: the role may not do this.
    public static let insufficientPrivilege = SQLState("42501")
    /// 42601: the text is not SQL.
    public static let syntaxError = SQLState("42601")
    /// 42703: no such column.
    public static let undefinedColumn = SQLState("42703")
    /// 42883: no function or operator of this name and these types.
    public static let undefinedFunction = SQLState("42883")
    /// 3F000: no such schema.
    public static let invalidSchemaName = SQLState("3F000")
    /// 42P01: no such table.
    public static let undefinedTable = SQLState("42P01")
    /// 42P07: a table of this name is there already.
    public static let duplicateTable = SQLState("42P07")
    /// 42P16: a definition contradicts what is there, such as a view's columns that others rely on.
    public static let invalidTableDefinition = SQLState("42P16")
    /// 53100: the disk is full.
    public static let diskFull = SQLState("53100")
    /// 53200: the server is out of memory.
    public static let outOfMemory = SQLState("53200")
    /// 53300: the server has no connection left.
    public static let tooManyConnections = SQLState("53300")
    /// 54001: the statement nests too deeply.
    public static let statementTooComplex = SQLState("54001")
    /// 55P03: a lock was not to be had at once, or within `lock_timeout`.
    public static let lockNotAvailable = SQLState("55P03")
    /// 57014: cancelled, by us, by an operator or by a timeout of the server.
    public static let queryCanceled = SQLState("57014")
    /// 57P01: an operator ended the session or shuts the server down.
    public static let adminShutdown = SQLState("57P01")
    /// 57P02: another session crashed, and the server ended all.
    public static let crashShutdown = SQLState("57P02")
    /// 57P03: starting up or shutting down.
    public static let cannotConnectNow = SQLState("57P03")
    /// 57P05: the session had nothing to do for `idle_session_timeout`.
    public static let idleSessionTimeout = SQLState("57P05")
    /// P0001: `RAISE` without a code of its own.
    public static let raiseException = SQLState("P0001")
    /// XX000: the server found a fault in itself.
    public static let internalError = SQLState("XX000")

    /// Whether the code says that the session is over: class 08, 57P01, 57P02, 57P03, 57P05.
    public var isConnectionFailure: Bool {
        rawValue.hasPrefix("08") || [.adminShutdown, .crashShutdown, .cannotConnectNow, .idleSessionTimeout].contains(self)
    }
}
