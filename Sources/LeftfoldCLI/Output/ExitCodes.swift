import ArgumentParser

/// What the program's exit status says. Documented in the README; scripts depend on it.
extension ExitCode {
    /// It ran to its end and found something wrong: a table that does not match, lines that were refused, an unhealthy check.
    static let foundProblems = ExitCode(3)
    /// The configuration is wrong (EX_CONFIG).
    static let misconfigured = ExitCode(78)
    /// The database or another service cannot be reached (EX_UNAVAILABLE).
    static let unavailable = ExitCode(69)
}
