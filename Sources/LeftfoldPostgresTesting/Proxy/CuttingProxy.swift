import Foundation
public import LeftfoldDriver
import Synchronization

/// A proxy between libpq and PostgreSQL that knows their protocol, and can hurt a connection at any boundary of it.
/// ```swift
/// let proxy = try CuttingProxy(to: configuration)
/// let database = LeftfoldDatabase(proxy.configuration, logger: logger)
/// proxy.add(.cut(.after(.execute), application: "append"))
/// …
/// try await eventually("the append was cut") { proxy.sightings.contains { $0.outcome == .cut } }
/// ```
///
/// It listens on 127.0.0.1 and reaches the server by TCP or by its Unix socket. Each connection has a thread for each direction, so it works
/// beside the tasks of the test, not among them. It ends with ``stop()`` or when nobody holds it any more.
public final class CuttingProxy: Sendable {
    /// What to do with a client that asks for TLS or GSS encryption.
    public enum Encryption: Sendable {
        /// The proxy says no. A client with `sslmode=require` or more does not get a connection.
        case refused
        /// The server is asked. If it says yes, the proxy can read no more: only what hurts whole connections is of use then.
        case passed
    }

    /// How to reach the server through the proxy.
    public let configuration: ConnectionConfiguration
    private let switchboard = Switchboard()
    private let acceptor: Acceptor

    /// Listens from now on, and lets everything pass.
    ///
    /// - Parameters:
    ///   - server: must name one host, as `host` or `hostaddr`.
    ///   - encryption: what is answered to clients that want it.
    /// - Throws: `PostgresError` of kind `misuse` for another number of hosts; `POSIXError` if it cannot listen.
    public init(to server: ConnectionConfiguration, encryption: Encryption = .refused) throws {
        acceptor = try Acceptor(to: Socket.Address(server), passesEncryption: encryption == .passed, switchboard)
        var configuration = server
        configuration["host"] = "127.0.0.1"
        configuration["hostaddr"] = nil
        configuration["port"] = String(acceptor.port)
        self.configuration = configuration
        acceptor.start()
    }

    deinit { stop() }

    /// Adds rules to those that are there. All that meet a message are obeyed, in the order in which they were added.
    public func add(_ rules: Rule...) { switchboard.add(rules) }

    /// All messages so far, in the order in which they were met. Grows until ``forgetSightings()``.
    public var sightings: [Sighting] { switchboard.sightings }

    /// Begins a new list.
    public func forgetSightings() { switchboard.forgetSightings() }

    /// Cuts all connections there are. New ones are welcome.
    public func cut() { switchboard.cut() }

    /// Refuses new connections: they end before a byte is answered. Those there are go on.
    public func refuseConnections() { switchboard.refuse() }

    /// All connections go silent, new ones, too: nothing passes, and nobody learns of it.
    public func silence() { switchboard.silence() }

    /// Everything passes again: ends silence and refusal, removes all rules. What was kept goes on to the other side.
    public func heal() { switchboard.heal() }

    /// Cuts all connections and listens no more.
    public func stop() {
        switchboard.refuse()
        acceptor.stop()
        switchboard.cut()
    }
}
