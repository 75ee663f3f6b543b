import Foundation
import Leftfold
import Logging
import Metrics
import Postgres
import Synchronization

/// Group commit. A caller that finds nothing under way sends its own append at once. Those that come meanwhile queue up;
/// when it is through, the first of them takes all that wait as the next batch. No timer, no task of its own, and a lone
/// caller pays for no hand-over.
final class Appender: Sendable {
    private let pool: Pool
    private let limits: AppendLimits
    private let logger: Logger
    private let queue = Mutex(Queue())
    private let batchSizes = Recorder(label: "leftfold_append_batch_commands", aggregate: true)

    private struct Waiting {
        let request: AppendRequest
        let continuation: CheckedContinuation<Turn, any Error>
    }

    private struct Queue {
        var busy = false
        var waiting: [Waiting] = []
    }

    /// What somebody who waited is told.
    private enum Turn {
        case answered(AppendResult)
        /// Lead the next batch: your own request and these.
        case lead([Waiting])
    }

    init(pool: Pool, limits: AppendLimits, logger: Logger) {
        self.pool = pool
        self.limits = limits
        self.logger = logger
    }

    func append(_ request: AppendRequest) async throws -> AppendResult {
        if takeLead() { return try await lead(request, []) }
        switch try await wait(request) {
        case .answered(let result): return result
        case .lead(let others): return try await lead(request, others)
        }
    }

    private func takeLead() -> Bool {
        queue.withLock { queue in
            if queue.busy { return false }
            queue.busy = true
            return true
        }
    }

    private func wait(_ request: AppendRequest) async throws -> Turn {
        try await withCheckedThrowingContinuation { continuation in
            let turn: Result<Turn, any Error>? = queue.withLock { queue in
                guard queue.busy else {
                    queue.busy = true
                    return .success(.lead([]))
                }
                guard queue.waiting.count < limits.queueCount else {
                    return .failure(Unavailable("Too many commands are waiting to be stored."))
                }
                queue.waiting.append(Waiting(request: request, continuation: continuation))
                return nil
            }
            if let turn { continuation.resume(with: turn) }
        }
    }

    private func lead(_ own: AppendRequest, _ others: [Waiting]) async throws -> AppendResult {
        let requests = [own] + others.map(\.request)
        // A task of its own, awaited here: when the client of the leading command goes away, the others' commands must
        // not go with it, and an append that was sent is never cancelled.
        let results = await Task { await commit(requests) }.value
        // The next batch first: the database should not wait while we hand out answers.
        passLead()
        for (waiting, result) in zip(others, results.dropFirst()) {
            waiting.continuation.resume(with: result.map(Turn.answered))
        }
        guard let result = results.first else { throw Unavailable("The append gave no answer.") }
        return try result.get()
    }

    private func passLead() {
        let heir: (Waiting, [Waiting])? = queue.withLock { queue in
            guard let first = queue.waiting.first else {
                queue.busy = false
                return nil
            }
            let count = batchLength(queue.waiting)
            let others = Array(queue.waiting[1..<count])
            queue.waiting.removeFirst(count)
            return (first, others)
        }
        if let (first, others) = heir { first.continuation.resume(returning: .lead(others)) }
    }

    private func batchLength(_ waiting: [Waiting]) -> Int {
        var bytes = 0
        for (index, next) in waiting.enumerated() {
            bytes += next.request.size
            if index > 0, index >= limits.batchCount || bytes > limits.batchBytes { return index }
        }
        return waiting.count
    }

    // MARK: Committing

    private func commit(_ requests: [AppendRequest]) async -> [Result<AppendResult, any Error>] {
        batchSizes.record(requests.count)
        do {
            return try await attempt(requests).map { .success($0) }
        } catch {
            guard requests.count > 1, !(error is Unavailable), !(error is OutcomeUnknown) else {
                return requests.map { .failure(answer(error, to: $0)) }
            }
            // One of them is something the database refuses as such. Alone, each fails only for itself.
            var results: [Result<AppendResult, any Error>] = []
            for request in requests {
                do {
                    results += try await attempt([request]).map { .success($0) }
                } catch {
                    results.append(.failure(answer(error, to: request)))
                }
            }
            return results
        }
    }

    /// Sends the batch, and the same batch again with the same ids for as long as its outcome is unknown (I2, I10).
    private func attempt(_ requests: [AppendRequest]) async throws -> [AppendResult] {
        let sql = AppendCall.sql(for: requests)
        let deadline = ContinuousClock.now + limits.budget
        var perhapsCommitted = false
        var pause = Duration.milliseconds(10)
        while true {
            do {
                let rows = try await pool.execute(sql, timeout: limits.attemptTimeout, onTimeout: .abandon)
                return try AppendCall.results(rows, count: requests.count)
            } catch let error as PostgresError {
                perhapsCommitted = perhapsCommitted || error.outcomeUnknown
                guard error.isWorthRepeating else {
                    // An earlier attempt may have been stored: “nothing was stored” could be a lie (I2).
                    if perhapsCommitted { throw OutcomeUnknown(requests[0].commandID) }
                    throw error.asUnavailable
                }
                guard ContinuousClock.now + pause < deadline else {
                    logger.error("append given up", metadata: ["error": "\(error)", "commands": "\(requests.count)"])
                    if perhapsCommitted { throw OutcomeUnknown(requests[0].commandID) }
                    throw Unavailable("The database cannot be reached.")
                }
                logger.warning("append is sent again", metadata: ["error": "\(error)", "commands": "\(requests.count)"])
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    private func answer(_ error: any Error, to request: AppendRequest) -> any Error {
        if error is OutcomeUnknown { return OutcomeUnknown(request.commandID) }
        return error
    }
}
