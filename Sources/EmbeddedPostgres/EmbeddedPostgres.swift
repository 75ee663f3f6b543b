public import Foundation

/// A private Postgres server for development, tests and small installations: made, started and stopped by us.
///
/// Only this user (and root) can reach it, through a socket in a folder of mode 0700. The server is a process of its own: it outlives ours
/// until `stop`, and the next `start` on the same folder finds it and goes on with it.
public struct EmbeddedPostgres: Sendable {
    /// The folder given to `start`.
    public let dataDirectory: URL
    /// Where the server's socket is.
    public let socketDirectory: URL
    /// The database that `connectionString` names.
    public let database: String
    /// The role that owns everything.
    public let superuser = "postgres"
    /// The port on 127.0.0.1, if there is one.
    public let port: Int?

    private let server: Server

    /// Finds the server's programs, makes the data folder if it is new, starts the server if it does not run, and waits until it is ready.
    ///
    /// - Parameter dataDirectory: where everything of the server is; made if it does not exist.
    /// - Parameter settings: server settings for `postgresql.conf`. A running server with other settings is restarted.
    /// - Parameter port: listen on 127.0.0.1 as well; the password is in the file `password` of the folder. By default there is no TCP.
    /// - Parameter database: made if it does not exist.
    /// - Parameter log: is told what happens, one sentence at a time.
    /// - Throws: ``EmbeddedPostgresError`` with the server's own words.
    public static func start(
        dataDirectory: URL, settings: [String: String] = [:], port: Int? = nil, database: String = "postgres",
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(EmbeddedPostgresError) -> EmbeddedPostgres {
        let root = dataDirectory.standardizedFileURL
        return try await onThread { () throws(EmbeddedPostgresError) in
            let server = try Server(folder: DataFolder(root: root), log: log)
            let socket = try server.start(settings: settings, port: port)
            if database != "postgres" { try server.createDatabase(database, socket: socket) }
            return EmbeddedPostgres(dataDirectory: root, socketDirectory: socket, database: database, port: port, server: server)
        }
    }

    private init(dataDirectory: URL, socketDirectory: URL, database: String, port: Int?, server: Server) {
        self.dataDirectory = dataDirectory
        self.socketDirectory = socketDirectory
        self.database = database
        self.port = port
        self.server = server
    }

    /// How to connect through the private socket, as libpq reads it.
    public var connectionString: String {
        func quoted(_ text: String) -> String {
            "'" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "\\'") + "'"
        }
        return "host=\(quoted(socketDirectory.path)) port=\(port ?? Server.defaultPort) user=\(superuser) dbname=\(quoted(database))"
    }

    /// Stops the server and waits until it is down. `immediate` simulates a crash: the next start recovers. Does nothing if it is down.
    public func stop(immediate: Bool = false) async throws(EmbeddedPostgresError) {
        let server = server
        try await onThread { () throws(EmbeddedPostgresError) in try server.stop(immediate: immediate) }
    }

    /// Stops and starts the server; every session is lost. `immediate` simulates a crash.
    public func restart(immediate: Bool = false) async throws(EmbeddedPostgresError) {
        let server = server
        try await onThread { () throws(EmbeddedPostgresError) in try server.restart(immediate: immediate) }
    }
}
