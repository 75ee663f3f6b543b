import ArgumentParser

/// What the program's exit status says. Documented in docs/errors.md; scripts depend on it. Signals have 128 and their number.
extension ExitCode {
    /// It ran to its end and found something wrong: a table that does not match, lines that were refused, an unhealthy check.
    static let foundProblems = ExitCode(3)
    /// The configuration is wrong (EX_CONFIG).
    static let misconfigured = ExitCode(78)
    /// The database or another service cannot be reached (EX_UNAVAILABLE).
    static let unavailable = ExitCode(69)
    /// Standard output cannot be written to (EX_IOERR).
    static let outputFailed = ExitCode(74)
    /// Nobody reads standard output any more: what a program has that SIGPIPE ended.
    static let readerGone = ExitCode(141)
}
