import CLibPQ

// Between libpq and the poller: send, receive, wait.
extension Connection {
    /// The connection to libpq; throws once it is closed.
    var pg: OpaquePointer {
        get throws(PostgresError) {
            guard let pointer = handle.pointer else {
                throw PostgresError(.connectionLost, "the connection was closed", outcomeUnknown: mayHaveCommitted)
            }
            return pointer
        }
    }

    /// Waits until the socket is ready; deals with deadline and cancellation.
    func ready(_ interest: Readiness) async throws(PostgresError) -> Readiness {
        BriefWait.begin()
        defer { BriefWait.end() }
        while true {
            // Once per turn: the socket may have changed, and a server that never stops sending must not outlast the deadline.
            let descriptor = PQsocket(try pg)
            guard descriptor >= 0 else { throw lost() }
            if let deadline = operation.deadline, deadline <= .now {
                try await interrupt(.timedOut)
                continue
            }
            if operation.cancellable, Task.isCancelled {
                try await interrupt(.cancelled)
                continue
            }
            if interest == .read, brief.poll(descriptor) { return .read }
            let token = Poller.shared.newToken()
            waitToken = token
            let outcome = await Poller.shared.wait(
                descriptor, interest, until: operation.deadline, token: token, cancellable: operation.cancellable)
            waitToken = nil
            switch outcome {
            case .ready(let readiness):
                _ = try pg
                return readiness
            case .woken: _ = try pg
            case .timedOut: try await interrupt(.timedOut)
            case .cancelled: try await interrupt(.cancelled)
            case .failed: throw lost("the system refused to watch the connection's socket")
            }
        }
    }

    /// Waits, outside any statement, until something arrives. False on deadline or cancellation.
    func waitForInput(until deadline: ContinuousClock.Instant) async -> Bool {
        guard !busy, isUsable, let pg = handle.pointer else { return true }
        let token = Poller.shared.newToken()
        waitToken = token
        defer { waitToken = nil }
        return switch await Poller.shared.wait(PQsocket(pg), .read, until: deadline, token: token) {
        case .timedOut, .cancelled: false
        case .ready, .woken, .failed: true
        }
    }

    /// Reads what has arrived.
    func consumeInput() throws(PostgresError) {
        let pg = try pg
        guard PQconsumeInput(pg) == 1 else { throw lost() }
        collectNotifications(pg)
    }

    /// Waits for input and reads it.
    func receive() async throws(PostgresError) {
        _ = try await ready(.read)
        try consumeInput()
    }

    /// Sends all that libpq holds back. The server may answer before it has read everything: read too, or both sides stall.
    func flush() async throws(PostgresError) {
        while true {
            switch PQflush(try pg) {
            case 0: return
            case 1: if try await ready([.read, .write]).contains(.read) { try consumeInput() }
            default: throw lost()
            }
        }
    }

    /// Notifications ride along with any input.
    func collectNotifications(_ pg: OpaquePointer) {
        while let notice = PQnotifies(pg) {
            defer { PQfreemem(notice) }
            // Only a listener's connection gets any; nobody else could read a growing list.
            guard notifications.count < 100_000, let channel = notice.pointee.relname else { continue }
            let payload = notice.pointee.extra.map { String(cString: $0) } ?? ""
            notifications.append(Notification(channel: String(cString: channel), payload: payload))
        }
    }

    func takeNotifications() -> [Notification] {
        defer { notifications = [] }
        return notifications
    }
}
