package import Foundation

extension EmbeddedPostgres {
    /// Copies a running server into a new data folder and starts the copy as its streaming standby, which answers reads.
    ///
    /// - Parameter primary: how to reach the server, as libpq reads it. It must be an embedded one of this account.
    /// - Parameter dataDirectory: where everything of the standby is; must not hold data.
    /// - Parameter settings: as for `start`; `max_connections` must be at least the primary's.
    /// - Throws: ``EmbeddedPostgresError`` with the programs' own words.
    package static func startStandby(
        of primary: String, dataDirectory: URL, settings: [String: String]
    ) async throws(EmbeddedPostgresError) -> EmbeddedPostgres {
        let root = dataDirectory.standardizedFileURL
        try await onThread { () throws(EmbeddedPostgresError) in
            let folder = DataFolder(root: root)
            let account = try Account.forServer()
            try account.makePrivateFolder(root)
            let program = try Binaries.find(version: nil).directory.appendingPathComponent("pg_basebackup").path
            let arguments = [
                "--dbname", primary, "--pgdata", folder.data.path, "--wal-method", "stream",
                "--checkpoint", "fast", "--no-sync",
            ]
            let answer = try account.run(program, arguments)
            guard answer.status == 0 else { throw EmbeddedPostgresError("pg_basebackup failed: \(answer.output)") }
            let signal = folder.data.appendingPathComponent("standby.signal").path
            guard FileManager.default.createFile(atPath: signal, contents: nil), account.own(signal) else {
                throw EmbeddedPostgresError("\(signal) cannot be made")
            }
        }
        // Not what pg_basebackup would write: the server may load an older libpq than it has, which does not know all of that.
        return try await start(
            dataDirectory: root, settings: settings.merging(["primary_conninfo": primary]) { chosen, _ in chosen })
    }
}
