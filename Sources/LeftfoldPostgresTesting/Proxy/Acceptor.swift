import Foundation
import Synchronization

/// Accepts connections, on a thread of its own.
final class Acceptor: Sendable {
    let port: Int
    private let socket: Socket
    private let server: Socket.Address
    private let passesEncryption: Bool
    private let switchboard: Switchboard
    private let isStopped = Atomic(false)

    init(to server: Socket.Address, passesEncryption: Bool, _ switchboard: Switchboard) throws {
        (socket, port) = try Socket.listening()
        self.server = server
        self.passesEncryption = passesEncryption
        self.switchboard = switchboard
    }

    func start() {
        Thread.detachNewThread {
            while let client = self.socket.accept(), !self.isStopped.load(ordering: .acquiring) { self.connect(client) }
        }
    }

    func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // Not every system wakes one who accepts when his socket is shut down.
        _ = try? Socket.connect(to: .tcp(host: "127.0.0.1", port: port))
        socket.shutDown()
    }

    /// A server that cannot be reached looks like one that hangs up.
    private func connect(_ client: Socket) {
        guard let server = try? Socket.connect(to: server) else { return }
        switchboard.register { Link($0, client: client, server: server, passesEncryption: passesEncryption, switchboard) }?.start()
    }
}
