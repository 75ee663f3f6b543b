import CLibPQ

/// How to reach a server: any libpq connection string, as URI or as `key=value` pairs, with any number of hosts.
///
/// Passwords are taken from the string or from where libpq looks for them (`PGPASSWORD`, `~/.pgpass`). `description` never shows them.
public struct ConnectionConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private var keywords: [String: String]

    /// What the server shows in `pg_stat_activity`. Used unless the string names one.
    public var applicationName = "leftfold"

    /// How long connecting to one address may take. Used unless the string says `connect_timeout`. Whole seconds, at least 2 (libpq's floor).
    public var connectTimeout: Duration = .seconds(10)

    /// How long a statement, a pipeline or a script waits for its answer unless its caller says otherwise; `nil`: for ever. It bounds how
    /// long a server, a pooler or a link that has gone silent is waited for. `COPY` and streams have no limit but their caller's.
    public var answerTimeout: Duration?

    /// The server's own limit for one statement (`statement_timeout`); the server then reports 57014.
    public var statementTimeout: Duration?

    /// The server's limit for waiting for a lock (`lock_timeout`); 55P03.
    public var lockTimeout: Duration?

    /// The server's limit for a transaction that does nothing (`idle_in_transaction_session_timeout`); the session ends with 25P03.
    public var idleInTransactionTimeout: Duration?

    /// Other session settings, sent when the session starts, for example `["search_path": "app"]`. They count more than what the string or the
    /// environment says, and than what the driver sets of its own.
    public var settings: [String: String] = [:]

    /// How many statements one connection keeps prepared; none behind a pooler in transaction mode.
    public var preparedStatementLimit = 256

    /// What is between us and the server.
    public var pooler = Pooler.none

    /// Copies share it: they lead to the same server.
    let silence = SilenceRecord()

    /// What a connection is to the server.
    public enum Pooler: String, Sendable {
        /// A session, to its end.
        case none
        /// A session for each transaction, such as PgBouncer lends in its mode `transaction`. Nothing is left behind in it: settings go with
        /// each transaction, in the same round trip, and nothing is prepared. `LISTEN` does not work; `COPY` and streams have our
        /// settings inside a transaction only.
        case transaction
    }

    /// Reads a connection string. Throws `.misuse` if libpq cannot read it; the error does not quote the string.
    public init(_ connectionString: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(connectionString, &message)
        defer {
            PQconninfoFree(options)
            PQfreemem(message)
        }
        guard let options, !connectionString.utf8.contains(0) else {
            throw PostgresError(.misuse, "the connection string cannot be read: it is neither a postgresql:// URI nor key=value pairs")
        }
        keywords = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { keywords[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
    }

    /// One keyword of the string, for example `host` or `dbname`; `nil` if the string does not set it.
    public subscript(keyword: String) -> String? {
        get { keywords[keyword] }
        set { keywords[keyword] = newValue }
    }

    /// The keywords without any secret.
    public var description: String {
        let secret: Set<String> = ["password", "sslpassword", "passfile"]
        return keywords.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(secret.contains($0.key) ? "***" : $0.value)" }
            .joined(separator: " ")
    }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// Shows nothing but `description`, so that `dump` does not print the password either.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }

    /// What libpq gets. UTF-8 is forced; keepalive and GSS settings are defaults that the string may override. What the operator asks for by
    /// `options`, in the string, in `PGOPTIONS` or in a service file, stands between our defaults and what we depend on.
    var libpqParameters: [(keyword: String, value: String)] {
        var values = [
            "gssencmode": "disable",
            "keepalives": "1",
            "keepalives_idle": "5",
            "keepalives_interval": "2",
            "keepalives_count": "3",
            "tcp_user_timeout": "10000",
            "connect_timeout": String(max(2, connectTimeout.components.seconds)),
            "fallback_application_name": applicationName,
        ]
        values.merge(keywords) { _, chosen in chosen }
        values["client_encoding"] = "UTF8"
        // A pooler knows few parameters of a session, and refuses others.
        guard pooler == .none else { return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
        let theirs = values["options"] ?? ConnectionHandle.options(of: values) ?? ""
        values["options"] = [options(SessionSettings.defaults), theirs, options(required)].filter { !$0.isEmpty }.joined(separator: " ")
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// What a transaction begins with behind a pooler. Isolation, and whether it may write, is said by its `BEGIN`.
    var transactionSettings: TransactionSettings? {
        guard pooler == .transaction else { return nil }
        let all = SessionSettings.ofTransactions.merging(required) { _, chosen in chosen }
        return TransactionSettings(all.filter { !$0.key.hasPrefix("default_transaction_") })
    }

    private var required: [String: String] {
        var all = SessionSettings.required.merging(settings) { _, chosen in chosen }
        all["statement_timeout"] = statementTimeout.map(milliseconds) ?? all["statement_timeout"]
        all["lock_timeout"] = lockTimeout.map(milliseconds) ?? all["lock_timeout"]
        all["idle_in_transaction_session_timeout"] =
            idleInTransactionTimeout.map(milliseconds) ?? all["idle_in_transaction_session_timeout"]
        return all
    }

    private func options(_ settings: [String: String]) -> String {
        settings.sorted { $0.key < $1.key }.map { "-c \(escaped($0.key))=\(escaped($0.value))" }.joined(separator: " ")
    }

    private func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return String(max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// The server splits `options` at spaces; a backslash protects one character.
    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            if character == " " || character == "\\" || character == "\t" || character == "\n" { result += "\\" }
            result.unicodeScalars.append(character)
        }
        return result
    }
}
