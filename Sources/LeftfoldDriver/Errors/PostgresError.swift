/// Anything that goes wrong between us and Postgres.
///
/// `description` names the kind, the SQLSTATE, the server's primary message and the schema objects involved. It leaves out `detail` and
/// `hint`, because the server quotes row values there.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Kind: Sendable, Hashable {
        /// The server refused the statement; the session goes on.
        case server(SQLState)
        /// No connection could be made.
        case connectionFailed
        /// An established connection broke, or the server ended the session.
        case connectionLost
        /// The deadline of the call passed.
        case timeout
        /// The task was cancelled.
        case cancelled
        /// No connection became free before the acquire timeout.
        case poolExhausted
        /// The pool is shutting down or has shut down.
        case poolClosed
        /// A value cannot be sent, for example text with a NUL.
        case encoding
        /// A value from the server is not what was asked for.
        case decoding
        /// The driver was used wrongly, for example two statements at once on one connection.
        case misuse
    }

    final class Storage: Sendable {
        let kind: Kind
        let sqlState: SQLState?
        let message: String
        let fields: Fields
        let statementIndex: Int?
        let outcomeUnknown: Bool

        init(kind: Kind, sqlState: SQLState?, message: String, fields: Fields, statementIndex: Int?, outcomeUnknown: Bool) {
            self.kind = kind
            self.sqlState = sqlState
            self.message = message
            self.fields = fields
            self.statementIndex = statementIndex
            self.outcomeUnknown = outcomeUnknown
        }
    }

    /// The optional fields of a server error.
    struct Fields: Sendable {
        var severity: String?
        var detail: String?
        var hint: String?
        var context: String?
        var schema: String?
        var table: String?
        var column: String?
        var constraint: String?
    }

    /// One word, so that throwing and storing an error stays cheap.
    private let storage: Storage

    var fields: Fields { storage.fields }

    /// An error; meant for the driver itself and for tests of code that handles errors.
    public init(_ kind: Kind, _ message: String, sqlState: SQLState? = nil, statementIndex: Int? = nil, outcomeUnknown: Bool = false) {
        self.init(kind, message, sqlState: sqlState, fields: Fields(), statementIndex: statementIndex, outcomeUnknown: outcomeUnknown)
    }

    init(_ kind: Kind, _ message: String, sqlState: SQLState?, fields: Fields, statementIndex: Int? = nil, outcomeUnknown: Bool = false) {
        var state = sqlState
        if case .server(let code) = kind { state = code }
        storage = Storage(
            kind: kind, sqlState: state, message: message, fields: fields, statementIndex: statementIndex, outcomeUnknown: outcomeUnknown)
    }

    /// What kind of trouble it is.
    public var kind: Kind { storage.kind }
    /// The server's code, if a server's answer caused this.
    public var sqlState: SQLState? { storage.sqlState }
    /// One sentence for an operator.
    public var message: String { storage.message }
    /// The server's detail. **May quote row data**; keep it out of logs and answers.
    public var detail: String? { storage.fields.detail }
    /// The server's hint.
    public var hint: String? { storage.fields.hint }
    /// Where in the server's functions it happened.
    public var context: String? { storage.fields.context }
    /// The schema involved, if the server named one.
    public var schemaName: String? { storage.fields.schema }
    /// The table involved, if the server named one.
    public var tableName: String? { storage.fields.table }
    /// The column involved, if the server named one.
    public var columnName: String? { storage.fields.column }
    /// The constraint violated, if the server named one.
    public var constraintName: String? { storage.fields.constraint }
    /// In a pipeline: which statement failed, counted from 0.
    public var statementIndex: Int? { storage.statementIndex }
    /// Whether the work may have been committed although this error is all we know. Never true inside `transaction`, except at its `COMMIT`.
    public var outcomeUnknown: Bool { storage.outcomeUnknown }

    /// Whether the connection (not the statement) failed: connecting failed, the connection was lost, or SQLSTATE 08…, 57P01, 57P02, 57P03.
    public var isConnectionFailure: Bool {
        switch kind {
        case .connectionFailed, .connectionLost: true
        default: sqlState?.isConnectionFailure ?? false
        }
    }

    /// One line without row data.
    public var description: String {
        var text = "\(label): \(message)"
        if let index = statementIndex { text += " [statement \(index)]" }
        if let name = constraintName { text += " [constraint \(name)]" }
        if outcomeUnknown { text += " [outcome unknown]" }
        return text
    }

    private var label: String {
        let name =
            switch kind {
            case .server: "server error"
            case .connectionFailed: "connection failed"
            case .connectionLost: "connection lost"
            case .timeout: "timeout"
            case .cancelled: "cancelled"
            case .poolExhausted: "pool exhausted"
            case .poolClosed: "pool closed"
            case .encoding: "encoding error"
            case .decoding: "decoding error"
            case .misuse: "misuse"
            }
        return sqlState.map { "\(name) \($0)" } ?? name
    }

    /// The same trouble seen from another place.
    func with(kind: Kind? = nil, statementIndex: Int? = nil, outcomeUnknown: Bool? = nil) -> PostgresError {
        PostgresError(
            kind ?? self.kind, message, sqlState: sqlState, fields: storage.fields, statementIndex: statementIndex ?? self.statementIndex,
            outcomeUnknown: outcomeUnknown ?? self.outcomeUnknown)
    }

    var severity: String? { storage.fields.severity }
}
