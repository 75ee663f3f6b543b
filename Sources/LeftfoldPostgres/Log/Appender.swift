import Foundation
import Leftfold
import LeftfoldDriver
import Logging
import Metrics
import Synchronization

/// Group commit. A caller that finds nothing under way sends its own append at once. Those that come meanwhile queue up;
/// when it is through, the first of them takes all that wait as the next batch. No timer, no task of its own, and a lone
/// caller pays for no hand-over. A chain is never split over two batches.
final class Appender: Sendable {
    private let pool: Pool
    private let limits: AppendLimits
    private let logger: Logger
    private let queue = Mutex(Queue())
    private let batchSizes = Recorder(label: "leftfold_append_batch_commands", aggregate: true)

    private struct Waiting {
        let chain: [AppendRequest]
        let continuation: CheckedContinuation<Turn, any Error>
    }

    private struct Queue {
        var busy = false
        var waiting: [Waiting] = []
        /// How many callers the batch before was of.
        var callersBefore = 0
    }

    /// What somebody who waited is told.
    private enum Turn {
        case answered([AppendResult])
        case lead
    }

    init(pool: Pool, limits: AppendLimits, logger: Logger) {
        self.pool = pool
        self.limits = limits
        self.logger = logger
    }

    func append(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        if chain.isEmpty { return [] }
        if takeLead() { return try await lead(chain) }
        switch try await wait(chain) {
        case .answered(let results): return results
        case .lead: return try await lead(chain)
        }
    }

    private func takeLead() -> Bool {
        queue.withLock { queue in
            if queue.busy { return false }
            queue.busy = true
            return true
        }
    }

    private func wait(_ chain: [AppendRequest]) async throws -> Turn {
        try await withCheckedThrowingContinuation { continuation in
            let turn: Result<Turn, any Error>? = queue.withLock { queue in
                guard queue.busy else {
                    queue.busy = true
                    return .success(.lead)
                }
                guard queue.waiting.count < limits.queueCount else {
                    return .failure(Unavailable("Too many commands are waiting to be stored."))
                }
                queue.waiting.append(Waiting(chain: chain, continuation: continuation))
                return nil
            }
            if let turn { continuation.resume(with: turn) }
        }
    }

    private func lead(_ own: [AppendRequest]) async throws -> [AppendResult] {
        let others = await gather(besides: own)
        let chains = [own] + others.map(\.chain)
        // A task of its own, awaited here: when the client of the leading command goes away, the others' commands must
        // not go with it, and an append that was sent is never cancelled. Where many wait for it, it goes before them.
        let results = await Task(priority: others.isEmpty ? nil : .high) { await commit(chains) }.value
        for (waiting, result) in zip(others, results.dropFirst()) {
            waiting.continuation.resume(with: result.map(Turn.answered))
        }
        passLead()
        guard let result = results.first else { throw Unavailable("The append gave no answer.") }
        return try result.get()
    }

    /// A batch of so many costs little more a command than a larger one.
    private static let enough = 64
    /// Of all tasks that can run, before the batch goes with whoever has come.
    private static let rounds = 4

    /// Takes those that wait. After a batch of several it first lets the others run: many of those just answered have
    /// their next command ready, and two half batches in turn take nearly twice as long as a whole one. With enough of
    /// them the next batch is better prepared while this one is stored.
    private func gather(besides own: [AppendRequest]) async -> [Waiting] {
        for _ in 0..<Self.rounds where queue.withLock({ $0.waiting.count + 1 < min($0.callersBefore, Self.enough) }) {
            await Task.yield()
        }
        return queue.withLock { queue in
            let count = batchLength(queue.waiting, after: own)
            let others = Array(queue.waiting.prefix(count))
            queue.waiting.removeFirst(count)
            queue.callersBefore = count + 1
            return others
        }
    }

    private func passLead() {
        let heir: Waiting? = queue.withLock { queue in
            guard !queue.waiting.isEmpty else {
                queue.busy = false
                return nil
            }
            return queue.waiting.removeFirst()
        }
        heir?.continuation.resume(returning: .lead)
    }

    /// How many of those that wait go with the one that leads.
    private func batchLength(_ waiting: [Waiting], after own: [AppendRequest]) -> Int {
        var (commands, bytes) = (own.count, own.size)
        for (index, next) in waiting.enumerated() {
            commands += next.chain.count
            bytes += next.chain.size
            if commands > limits.batchCount || bytes > limits.batchBytes { return index }
        }
        return waiting.count
    }

    // MARK: Committing

    private func commit(_ chains: [[AppendRequest]]) async -> [Result<[AppendResult], any Error>] {
        batchSizes.record(chains.reduce(0) { $0 + $1.count })
        do {
            return try await attempt(chains).map { .success($0) }
        } catch {
            guard chains.count > 1, !(error is Unavailable), !(error is OutcomeUnknown) else {
                return chains.map { .failure(answer(error, to: $0)) }
            }
            // One of them is something the database refuses as such. Alone, each fails only for itself.
            var results: [Result<[AppendResult], any Error>] = []
            for chain in chains {
                do {
                    results += try await attempt([chain]).map { .success($0) }
                } catch {
                    results.append(.failure(answer(error, to: chain)))
                }
            }
            return results
        }
    }

    /// Sends the batch, and the same batch again with the same ids for as long as its outcome is unknown (I2, I10).
    private func attempt(_ chains: [[AppendRequest]]) async throws -> [[AppendResult]] {
        let sql = AppendCall.sql(for: chains)
        let unknown = OutcomeUnknown(chains[0][0].commandID)
        let count = chains.reduce(0) { $0 + $1.count }
        let deadline = ContinuousClock.now + limits.budget
        var perhapsCommitted = false
        var pause = Duration.milliseconds(10)
        while true {
            do {
                let rows = try await pool.execute(sql, timeout: limits.attemptTimeout, onTimeout: .abandon)
                return try AppendCall.results(rows, for: chains)
            } catch let error as PostgresError {
                perhapsCommitted = perhapsCommitted || error.outcomeUnknown
                guard error.isWorthRepeating else {
                    // An earlier attempt may have been stored: “nothing was stored” could be a lie (I2).
                    if perhapsCommitted { throw unknown }
                    throw error.asUnavailable
                }
                guard ContinuousClock.now + pause < deadline else {
                    logger.error("append given up", metadata: ["error": "\(error)", "commands": "\(count)"])
                    if perhapsCommitted { throw unknown }
                    throw Unavailable("The database cannot be reached.")
                }
                logger.warning("append is sent again", metadata: ["error": "\(error)", "commands": "\(count)"])
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    private func answer(_ error: any Error, to chain: [AppendRequest]) -> any Error {
        if error is OutcomeUnknown { return OutcomeUnknown(chain[0].commandID) }
        return error
    }
}
