import CLibPQ

/// Where the closure of ``Connection/copyIn(_:timeout:_:)`` writes to.
public struct CopyWriter: Sendable {
    let connection: Connection
    let operation: UInt64

    /// Sends bytes in the format the `COPY` statement names. Need not be whole rows. Waits while the server is slower.
    /// Throws `.misuse` after the copy has ended.
    public func write(_ bytes: [UInt8]) async throws(PostgresError) {
        try await connection.copy(bytes, operation: operation)
    }

    /// Sends text as UTF-8; see ``write(_:)-([UInt8])``.
    public func write(_ text: String) async throws(PostgresError) { try await write(Array(text.utf8)) }
}

extension Connection {
    /// Runs `COPY … FROM STDIN` and sends what the closure writes. Returns the number of rows.
    ///
    /// If the closure throws, the copy is undone, its error is rethrown and the connection stays usable. On timeout or cancellation the
    /// connection is closed. The statement takes no parameters.
    public nonisolated func copyIn(
        _ sql: SQL, timeout: Duration? = nil, _ write: (CopyWriter) async throws -> Void
    ) async throws -> Int {
        let operation = try await beginCopy(sql, timeout: timeout, .copyIn(unflushed: 0))
        do {
            try await write(CopyWriter(connection: self, operation: operation))
        } catch {
            await failCopy()
            throw error
        }
        return try await endCopy()
    }

    /// Runs `COPY … TO STDOUT` and hands what comes to the closure, in pieces of whole rows of some 64 KiB. Returns the number of rows.
    ///
    /// If the closure throws, or on timeout or cancellation, the server is asked to stop and the connection is closed.
    @discardableResult
    public nonisolated func copyOut(
        _ sql: SQL, timeout: Duration? = nil, _ body: ([UInt8]) async throws -> Void
    ) async throws -> Int {
        _ = try await beginCopy(sql, timeout: timeout, .copyOut)
        do {
            while let piece = try await nextCopyPiece() { try await body(piece) }
        } catch {
            await abandonTransfer()
            throw error
        }
        return try await endCopyOut()
    }

    private func beginCopy(_ sql: SQL, timeout: Duration?, _ transfer: Operation.Transfer) async throws(PostgresError) -> UInt64 {
        if let problem = sql.problem { throw problem }
        guard sql.lengths.isEmpty else { throw PostgresError(.misuse, "COPY takes no parameters") }
        try enter(timeout: timeout, policy: .cancel, isTransfer: true)
        do throws(PostgresError) {
            operation.sent = true
            try sent(PQsendQuery(try pg, sql.text))
            try await flush()
            while PQisBusy(try pg) == 1 { try await receive() }
            guard let result = PQgetResult(try pg) else { throw lost("the server sent no result") }
            switch (PQresultStatus(result), transfer) {
            case (PGRES_COPY_IN, .copyIn), (PGRES_COPY_OUT, .copyOut):
                PQclear(result)
                operation.transfer = transfer
                return operation.number
            case (PGRES_FATAL_ERROR, _):
                let failure = note(failed: result)
                PQclear(result)
                do throws(PostgresError) { _ = try await fetch() } catch { throw error.kind == .connectionLost ? error : failure }
                try conclude(failure)
                throw failure
            default:
                PQclear(result)
                close()
                throw PostgresError(.misuse, "the statement is not the expected kind of COPY; the connection was closed")
            }
        } catch {
            leave()
            throw error
        }
    }

    func copy(_ bytes: [UInt8], operation number: UInt64) async throws(PostgresError) {
        guard busy, number == operation.number, case .copyIn(var unflushed) = operation.transfer else {
            throw PostgresError(.misuse, "the copy has ended")
        }
        defer { if case .copyIn = operation.transfer { operation.transfer = .copyIn(unflushed: unflushed) } }
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(65_536)
            rest = rest.dropFirst(65_536)
            while true {
                let pg = try pg
                let status = piece.withUnsafeBytes {
                    PQputCopyData(pg, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count))
                }
                if status == 1 { break }
                guard status == 0 else { throw lost() }
                try await flush()
            }
            unflushed += piece.count
            guard unflushed >= 65_536 else { continue }
            unflushed = 0
            try await flush()
            // After an interruption the server has been asked to stop; what it says comes at the end.
            if operation.interruption != nil { return }
        }
    }

    private func endCopy() async throws(PostgresError) -> Int {
        defer { leave() }
        operation.transfer = .ended
        while true {
            let status = PQputCopyEnd(try pg, nil)
            if status == 1 { break }
            guard status == 0 else { throw lost() }
            try await flush()
        }
        return try await fetch()?.affected ?? 0
    }

    /// Tells the server to undo the copy.
    private func failCopy() async {
        defer { leave() }
        operation.transfer = .ended
        guard let pg = handle.pointer, isUsable, PQputCopyEnd(pg, "the client gave up") == 1 else { return close() }
        operation.deadline = .now + .seconds(5)
        operation.cancellable = false
        operation.policy = .abandon
        // The expected answer is the error we asked for; `fetch` closes on any trouble with the connection.
        do throws(PostgresError) { _ = try await fetch() } catch { if error.kind != .server(.queryCanceled) { close() } }
    }

    private func nextCopyPiece() async throws(PostgresError) -> [UInt8]? {
        if Task.isCancelled { throw PostgresError(.cancelled, "the task was cancelled") }
        guard case .copyOut = operation.transfer else { return nil }
        var piece: [UInt8] = []
        while piece.count < 65_536 {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(try pg, &buffer, 1)
            switch length {
            case 1...:
                piece.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: Int(length)))
                PQfreemem(buffer)
            case 0:
                if !piece.isEmpty { return piece }
                try await receive()
            case -1:
                operation.transfer = .ended
                return piece.isEmpty ? nil : piece
            default: throw lost()
            }
        }
        return piece
    }

    private func endCopyOut() async throws(PostgresError) -> Int {
        defer { leave() }
        return try await fetch()?.affected ?? 0
    }
}
