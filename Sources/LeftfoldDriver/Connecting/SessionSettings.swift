/// What a session is like, whatever the defaults of the server, the database or the role.
///
/// All of them exist in PostgreSQL 14 and later. On Unix sockets the server ignores those of TCP.
enum SessionSettings {
    /// For who does not say otherwise: an operator may, by `options` or `PGOPTIONS`.
    ///
    /// No statement has a limit that nobody here knows of. A session whose client is gone or does not answer ends within some ten seconds,
    /// also in the middle of a transaction, and lets go of its locks.
    static let defaults = [
        "statement_timeout": "0",
        "lock_timeout": "0",
        "idle_session_timeout": "0",
        "idle_in_transaction_session_timeout": "10s",
        "default_transaction_read_only": "off",
        "default_transaction_deferrable": "off",
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "10s",
        "client_connection_check_interval": "2s",
    ]

    /// Those of the defaults that are about what happens in a transaction.
    static let ofTransactions = defaults.filter {
        ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"].contains($0.key)
    }

    /// What statements and the reading of answers depend on. The warning that a commit was not waited for is one of the notices.
    static let required = [
        "client_min_messages": "notice",
        "default_transaction_isolation": "read committed",
        "DateStyle": "ISO, YMD",
        "IntervalStyle": "postgres",
        "TimeZone": "UTC",
        "bytea_output": "hex",
        "extra_float_digits": "1",
        "standard_conforming_strings": "on",
    ]
}
