import CLibPQ

// What happens when the connection breaks or somebody loses patience.
extension Connection {
    /// The connection broke: closes it and says why, as precisely as the server's last words allow.
    func lost(_ reason: String? = nil) -> PostgresError {
        var cause = operation.farewell ?? notices.farewell
        var message = reason
        if let pg = handle.pointer {
            message = message ?? PostgresError.lastMessage(of: pg)
            // The server's last message may still lie in libpq's buffer. Without a socket libpq cannot block here.
            var tries = 0
            while PQstatus(pg) == CONNECTION_BAD, tries < 16, cause?.sqlState == nil {
                tries += 1
                guard let result = PQgetResult(pg) else { continue }
                if PQresultStatus(result) == PGRES_FATAL_ERROR {
                    let error = PostgresError(result: result)
                    if error.sqlState != nil, error.kind == .connectionLost { cause = error }
                }
                PQclear(result)
            }
        }
        close()
        let error = cause ?? PostgresError(.connectionLost, message ?? "the connection was lost")
        return error.with(kind: .connectionLost, outcomeUnknown: mayHaveCommitted)
    }

    func interrupted(_ interruption: Poller.Interruption, outcomeUnknown: Bool) -> PostgresError {
        switch interruption {
        case .timedOut:
            PostgresError(.timeout, "the statement took longer than its timeout", outcomeUnknown: outcomeUnknown)
        case .cancelled: PostgresError(.cancelled, "the task was cancelled", outcomeUnknown: outcomeUnknown)
        }
    }

    /// Carries out the policy. Returns if the caller shall go on reading, because a cancel request is on its way.
    func interrupt(_ interruption: Poller.Interruption) async throws(PostgresError) {
        if let first = operation.interruption {
            if first == .timedOut { noteSilence() }
            close()
            throw interrupted(first, outcomeUnknown: mayHaveCommitted)
        }
        operation.interruption = interruption
        operation.cancellable = false
        operation.deadline = .now + InterruptPolicy.grace
        guard operation.policy == .cancel, await requestCancel() else {
            if interruption == .timedOut { noteSilence() }
            close()
            throw interrupted(interruption, outcomeUnknown: mayHaveCommitted)
        }
    }

    private func noteSilence() {
        if let start = operation.start { silence.note(since: start) }
    }

    /// Sends a cancel request on a connection of its own.
    func requestCancel() async -> Bool {
        guard let pointer = handle.pointer, let request = CancelRequest(pointer) else { return false }
        let answer = await Thread.value(until: operation.deadline, cancellable: false) { request.send() }
        return (try? answer.get()) ?? false
    }
}
