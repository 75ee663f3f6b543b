import Leftfold
import LeftfoldDriver

extension LeftfoldDatabase {
    /// A connection of its own, for work that takes long.
    func withConnection<T>(_ body: (Connection) async throws -> T) async throws -> T {
        var configuration = configuration
        configuration.answerTimeout = .seconds(3600)
        return try await withConnection(to: configuration, body)
    }

    /// A connection of its own for a follower, which shows its name in `pg_stat_activity`. Tables are looked for in these
    /// schemas and nowhere else.
    ///
    /// - Parameter deadline: of each statement and of each batch.
    func withConnection<T>(
        for follower: FollowerName, searchPath: [String], deadline: Duration, _ body: (Connection) async throws -> T
    ) async throws -> T {
        var configuration = configuration
        configuration.answerTimeout = deadline
        configuration.applicationName = "\(configuration.applicationName) \(follower)"
        // Rows and checkpoint go together, and what is in neither is in the log: nothing waits for a standby that is away.
        configuration.settings["synchronous_commit"] = "local"
        // It has nothing to say for as long as nothing happens.
        configuration.settings["idle_session_timeout"] = "0"
        if !searchPath.isEmpty { configuration.settings["search_path"] = searchPath.asSearchPath }
        return try await withConnection(to: configuration, body)
    }

    private func withConnection<T>(
        to configuration: ConnectionConfiguration, _ body: (Connection) async throws -> T
    ) async throws -> T {
        let connection = try await Connection.connect(configuration)
        do {
            try await watch.enter(on: connection)
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension [String] {
    /// As the setting has it.
    var asSearchPath: String { map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ", ") }
}
