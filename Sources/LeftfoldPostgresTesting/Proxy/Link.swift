import Foundation
import Synchronization

/// One connection through the proxy: two sockets, and a thread for each direction.
final class Link: Sendable {
    let number: Int
    let gate = Gate()
    private let client: Socket
    private let server: Socket
    private let passesEncryption: Bool
    private let switchboard: Switchboard
    private let talk = Mutex(Talk())

    /// What one direction knows of the other.
    private struct Talk {
        var application = ""
        var awaitsEncryptionAnswer = false
        var isEncrypted = false
        var threads = 2
    }

    init(_ number: Int, client: Socket, server: Socket, passesEncryption: Bool, _ switchboard: Switchboard) {
        self.number = number
        self.client = client
        self.server = server
        self.passesEncryption = passesEncryption
        self.switchboard = switchboard
    }

    var application: String { talk.withLock { $0.application } }

    func start() {
        Thread.detachNewThread { self.pump(.client, from: self.client, to: self.server) }
        Thread.detachNewThread { self.pump(.server, from: self.server, to: self.client) }
    }

    func cut() {
        gate.end()
        client.shutDown()
        server.shutDown()
    }

    // MARK: One direction

    private func pump(_ sender: MessageType.Sender, from source: Socket, to target: Socket) {
        var reader = MessageReader(sender)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var isOpen = true
        while isOpen, let bytes = source.read(into: &buffer) {
            reader.take(bytes)
            isOpen = relay(&reader, sender, to: target)
        }
        // The other direction ends when its own sender does; unless this one was cut.
        if isOpen, gate.pass() { target.endWriting() } else { cut() }
        let last = talk.withLock { talk in
            talk.threads -= 1
            return talk.threads == 0
        }
        if last { switchboard.unregister(self) }
    }

    /// Passes on all messages that are here in full; false when the connection is over.
    private func relay(_ reader: inout MessageReader, _ sender: MessageType.Sender, to target: Socket) -> Bool {
        var outgoing: [UInt8] = []
        func send() -> Bool {
            defer { outgoing = [] }
            return outgoing.isEmpty || target.write(outgoing[...])
        }
        func obey(_ actions: [Rule.Action]) -> Bool {
            actions.isEmpty || (send() && actions.allSatisfy(self.obey) && gate.pass())
        }
        while gate.pass() {
            expect(&reader, sender)
            guard let message = reader.next() else { return send() }
            if isAnsweredHere(message) {
                guard client.write(ArraySlice("N".utf8)) else { return false }
                continue
            }
            let orders = switchboard.meet(message, on: self)
            guard obey(orders.before) else { return false }
            if orders.isDropped { continue }
            let half = orders.inside.isEmpty ? 0 : max(1, message.bytes.count / 2)
            outgoing += message.bytes[..<half]
            guard obey(orders.inside) else { return false }
            outgoing += message.bytes[half...]
            guard obey(orders.after) else { return false }
        }
        return false
    }

    private func obey(_ action: Rule.Action) -> Bool {
        switch action {
        case .drop: return true
        case .delay(let time): return gate.pause(time)
        case .silence:
            gate.silence()
            return true
        case .cut:
            cut()
            return false
        }
    }

    // MARK: The opening of a connection

    /// Tells the reader what the other direction has learned.
    private func expect(_ reader: inout MessageReader, _ sender: MessageType.Sender) {
        talk.withLock { talk in
            if talk.isEncrypted { reader.expect(.encrypted) }
            if sender == .server, talk.awaitsEncryptionAnswer { reader.expect(.encryptionAnswer) }
        }
    }

    /// Notes what the message means for the connection. True for a request for encryption that the proxy refuses itself.
    private func isAnsweredHere(_ message: Message) -> Bool {
        talk.withLock { talk in
            switch message.type {
            case .startup: talk.application = message.applicationName ?? ""
            case .sslRequest, .gssEncryptionRequest:
                guard passesEncryption else { return true }
                talk.awaitsEncryptionAnswer = true
            case .encryptionAnswer:
                talk.awaitsEncryptionAnswer = false
                talk.isEncrypted = message.bytes != Array("N".utf8)
            default: break
            }
            return false
        }
    }
}
