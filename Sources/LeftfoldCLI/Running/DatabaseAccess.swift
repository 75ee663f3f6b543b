import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldService
import Logging

extension CommonOptions {
    /// The service for a subcommand that ends by itself. Its logs are warnings only, unless LOG_LEVEL says otherwise.
    ///
    /// Throws what the database says where it cannot be connected to: the service itself would tell no more than that.
    func assembled<P: CommandLineProgram, T: Sendable>(_ program: P.Type, _ body: (Assembly) async throws -> T) async throws -> T {
        var settings = try settings()
        if !settings.saysLogLevel { settings.logLevel = .warning }
        try await Connection.connect(try settings.connection(for: P.name), logger: .init(P.name, settings)).close()
        return try await P.withAssembly(settings, body)
    }
}

extension PostgresError {
    /// What is wrong with the connection, in a sentence.
    var explanation: String {
        guard isConnectionFailure else { return description }
        return "\(isWorthWaitingFor ? "the database cannot be reached" : "the database cannot be used"): \(message)"
    }

    /// Whether another attempt to connect may succeed without anybody changing the configuration: the server is away,
    /// starts, stops or is full. An unknown database or role, a wrong password, a refused certificate and a missing key file stay
    /// what they are.
    var isWorthWaitingFor: Bool {
        guard isConnectionFailure else { return false }
        if let sqlState { return !["28", "3D"].contains(sqlState.errorClass) }
        // libpq's own words, which have no code.
        return !Self.hopeless.contains { message.contains($0) }
    }

    private static let hopeless = [
        "no password supplied", "authentication method", "does not exist", "local user with ID",
        "server does not support SSL", "certificate verify failed", "root certificate", "server certificate for", "SSL error",
        "certificate file", "private key file", "does not match host name", "invalid response to SSL negotiation", "sslmode",
        "channel binding", "expected authentication request", "unsupported frontend protocol", "invalid port number",
        "invalid integer value", "target_session_attrs value", "could not match", "service file",
    ]
}
