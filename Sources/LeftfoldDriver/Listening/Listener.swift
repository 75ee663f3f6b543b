public import Logging

/// Listens on channels, on a connection of its own that does nothing else, and comes back after every loss.
///
/// Notifications sent while it was disconnected are lost: on every `.listening` the reader must look for itself what has changed. Delivery is
/// a hint that shortens waiting, never the only way to notice.
public struct Listener: Sendable {
    /// What a listener reports.
    public enum Event: Sendable {
        /// All channels are listened to; whatever is committed from now on is announced. Catch up now.
        case listening
        /// Somebody sent a notification.
        case notification(channel: String, payload: String)
        /// The connection is gone; the listener tries again by itself.
        case disconnected(PostgresError)
    }

    private let configuration: ConnectionConfiguration
    private let channels: [String]
    private let logger: Logger
    /// Of the connection: that it was lost is said once, by us.
    private let connectionLogger: Logger

    /// Without a word from the server for so long, it is asked for one, and given as long to answer.
    private static let silence = Duration.seconds(2)
    /// Between two attempts to come back.
    private static let longestPause = Duration.seconds(1)

    /// A listener for channels, whose names must match `[a-z_][a-z0-9_]{0,62}`. Give a direct connection: a pooler in transaction mode
    /// swallows notifications.
    public init(_ configuration: ConnectionConfiguration, channels: [String], logger: Logger = Logger(label: "leftfold.postgres.listener"))
    {
        var configuration = configuration
        // It has nothing to say for as long as nothing happens.
        configuration.settings["idle_session_timeout"] = "0"
        configuration.connectTimeout = min(configuration.connectTimeout, .seconds(2))
        self.configuration = configuration
        self.channels = channels
        self.logger = logger
        var connectionLogger = logger
        connectionLogger.logLevel = .critical
        self.connectionLogger = connectionLogger
    }

    /// Listens until the task is cancelled, then returns. Events come one after another; a slow handler delays the next one and loses none.
    ///
    /// A link that went silent is found out within four seconds; from then on it tries again at least every second, and each attempt has two seconds
    /// for each address. That it was lost is logged once, however many attempts it takes, and once that it is back.
    /// Throws only `.encoding`, for a channel name that is not allowed.
    public func run(_ handle: @Sendable (Event) async -> Void) async throws {
        if channels.contains(where: { !SQL.isIdentifier($0) }) {
            throw PostgresError(.encoding, "a channel name must match [a-z_][a-z0-9_]{0,62}")
        }
        var backoff = Backoff(from: .milliseconds(50), to: Self.longestPause)
        var isLost = false
        while !Task.isCancelled {
            do throws(PostgresError) {
                let connection = try await Connection.connect(configuration, logger: connectionLogger)
                let error = await listen(on: connection, handle) {
                    backoff.reset()
                    if isLost { logger.info("listening again") }
                    isLost = false
                }
                await connection.close()
                throw error
            } catch {
                if Task.isCancelled { return }
                if !isLost {
                    logger.warning(
                        "announcements are not heard; looking instead of listening until they are again", metadata: ["error": "\(error)"])
                }
                isLost = true
                await handle(.disconnected(error))
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Listens until something goes wrong.
    private func listen(on connection: Connection, _ handle: (Event) async -> Void, success: () -> Void) async -> PostgresError {
        do throws(PostgresError) {
            let script = channels.map { "LISTEN \"\($0)\"" }.joined(separator: ";")
            try await connection.execute(script: script, timeout: .seconds(4))
            success()
            await handle(.listening)
            while true {
                for notification in try await connection.nextNotifications(within: Self.silence) {
                    await handle(.notification(channel: notification.channel, payload: notification.payload))
                }
            }
        } catch {
            return error
        }
    }
}

extension Connection {
    /// Waits for notifications. If none came within the time, asks the server for a sign of life, so that a dead link is found out.
    func nextNotifications(within limit: Duration) async throws(PostgresError) -> [Notification] {
        let waiting = takeNotifications()
        if !waiting.isEmpty { return waiting }
        if await waitForInput(until: .now + limit) {
            try enter(timeout: .seconds(5), policy: .abandon)
            defer { leave() }
            try consumeInput()
            if let farewell = notices.farewell {
                close()
                throw farewell.with(kind: .connectionLost)
            }
        } else {
            if Task.isCancelled { throw PostgresError(.cancelled, "the task was cancelled") }
            try await execute(script: "", timeout: limit)
        }
        return takeNotifications()
    }
}
