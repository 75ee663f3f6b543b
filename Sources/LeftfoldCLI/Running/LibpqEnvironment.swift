import Foundation

/// libpq fills in what a connection string leaves out from `PGHOST`, `PGUSER`, `PGSERVICE`, `PGOPTIONS` and more. Whom the
/// program connects to is said by `DATABASE_URL` alone, so that it is the same in every shell.
enum LibpqEnvironment {
    /// They prove who we are, and do not say who that is.
    static let kept: Set<String> = ["PGPASSWORD", "PGPASSFILE"]

    /// At the start of the process, while it has one thread.
    static func clear() {
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("PG") && !kept.contains(name) { unsetenv(name) }
    }
}
