/// The five-character code with which Postgres classifies an error.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The code, for example `23505`.
    public let rawValue: String

    /// A state from its code.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A state from its code.
    public init(_ code: String) { self.rawValue = code }

    /// The code.
    public var description: String { rawValue }

    /// The first two characters: the class of the error.
    public var errorClass: String { String(rawValue.prefix(2)) }

    /// 08000, 08003, 08006: the connection is gone.
    public static let connectionException = SQLState("08000")
    /// 08006: the connection failed.
    public static let connectionFailure = SQLState("08006")
    /// 0A000: not supported; also “cached plan must not change result type”.
    public static let featureNotSupported = SQLState("0A000")
    /// 22021: text that is not valid in the server's encoding.
    public static let characterNotInRepertoire = SQLState("22021")
    /// 22P02: text that cannot be read as its type.
    public static let invalidTextRepresentation = SQLState("22P02")
    /// 23502
    public static let notNullViolation = SQLState("23502")
    /// 23503
    public static let foreignKeyViolation = SQLState("23503")
    /// 23505
    public static let uniqueViolation = SQLState("23505")
    /// 23514
    public static let checkViolation = SQLState("23514")
    /// 25006: a write on a standby or in a read-only transaction.
    public static let readOnlySQLTransaction = SQLState("25006")
    /// 25P02: the transaction is aborted; only `ROLLBACK` is accepted.
    public static let inFailedSQLTransaction = SQLState("25P02")
    /// 25P03
    public static let idleInTransactionSessionTimeout = SQLState("25P03")
    /// 26000: no such prepared statement.
    public static let invalidSQLStatementName = SQLState("26000")
    /// 28000
    public static let invalidAuthorizationSpecification = SQLState("28000")
    /// 28P01
    public static let invalidPassword = SQLState("28P01")
    /// 3D000: no such database.
    public static let invalidCatalogName = SQLState("3D000")
    /// 40001: run the whole transaction again.
    public static let serializationFailure = SQLState("40001")
    /// 40P01: run the whole transaction again.
    public static let deadlockDetected = SQLState("40P01")
    /// 42501
    public static let insufficientPrivilege = SQLState("42501")
    /// 42601
    public static let syntaxError = SQLState("42601")
    /// 42703
    public static let undefinedColumn = SQLState("42703")
    /// 42883
    public static let undefinedFunction = SQLState("42883")
    /// 3F000: no such schema.
    public static let invalidSchemaName = SQLState("3F000")
    /// 42P01
    public static let undefinedTable = SQLState("42P01")
    /// 42P07
    public static let duplicateTable = SQLState("42P07")
    /// A definition contradicts what is there, such as a view's columns that others rely on.
    public static let invalidTableDefinition = SQLState("42P16")
    /// 53100
    public static let diskFull = SQLState("53100")
    /// 53200
    public static let outOfMemory = SQLState("53200")
    /// 53300
    public static let tooManyConnections = SQLState("53300")
    /// 54001
    public static let statementTooComplex = SQLState("54001")
    /// 55P03
    public static let lockNotAvailable = SQLState("55P03")
    /// 57014: cancelled, by us, by an operator or by a timeout of the server.
    public static let queryCanceled = SQLState("57014")
    /// 57P01
    public static let adminShutdown = SQLState("57P01")
    /// 57P02
    public static let crashShutdown = SQLState("57P02")
    /// 57P03: starting up or shutting down.
    public static let cannotConnectNow = SQLState("57P03")
    /// P0001: `RAISE` without a code of its own.
    public static let raiseException = SQLState("P0001")
    /// XX000
    public static let internalError = SQLState("XX000")

    /// Whether the code says that the session is over: class 08, 57P01, 57P02, 57P03.
    public var isConnectionFailure: Bool {
        rawValue.hasPrefix("08") || self == .adminShutdown || self == .crashShutdown || self == .cannotConnectNow
    }
}
