import Foundation
import Leftfold
import LeftfoldDriver
import Logging
import Metrics
import Synchronization

/// Group commit: who finds nothing under way sends its own append at once; those that come meanwhile go together as the
/// next batch. A chain is never split over two batches.
final class Appender: Sendable {
    private let pool: Pool
    private let log: LogName
    private let watch: EpochWatch
    private let limits: AppendLimits
    private let logger: Logger
    private let line: Batcher<Only, Work, Done>
    /// How many callers the batch before was of.
    private let callersBefore = Mutex(0)
    /// Since when a call has had no answer.
    private let sentAt = Mutex<ContinuousClock.Instant?>(nil)
    private let companion = Mutex<(any AppendCompanion)?>(nil)
    private let batchSizes = Recorder(label: "leftfold_append_batch_commands", aggregate: true)

    /// There is one line.
    private enum Only: Hashable, Sendable { case line }

    fileprivate enum Work: Sendable {
        case append([Append])
        case record(RefusedCommand)
    }

    private enum Done: Sendable {
        case appended([AppendAnswer])
        case recorded(RecordAnswer)
    }

    init(pool: Pool, log: LogName, watch: EpochWatch, limits: AppendLimits, logger: Logger) {
        self.pool = pool
        self.log = log
        self.watch = watch
        self.limits = limits
        self.logger = logger
        line = Batcher(capacity: limits.queueCount)
    }

    /// How long the call that is under way has been waiting for its answer, repeats included.
    var waiting: Duration { sentAt.withLock { $0.map { .now - $0 } } ?? .zero }

    /// From now on.
    func accompany(with companion: (any AppendCompanion)?) { self.companion.withLock { $0 = companion } }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        if chain.isEmpty { return [] }
        guard case .appended(let answers) = try await submit(.append(chain)) else { throw Unavailable("The store gave no answer.") }
        return answers
    }

    func record(_ refused: RefusedCommand) async throws -> RecordAnswer {
        guard case .recorded(let answer) = try await submit(.record(refused)) else { throw Unavailable("The store gave no answer.") }
        return answer
    }

    private func submit(_ work: Work) async throws -> Done {
        switch await line.join(.line, work) {
        case .answered(let answer): return try answer.get()
        case .lead: return try await lead(work)
        }
    }

    private func lead(_ own: Work) async throws -> Done {
        let others = await gather(besides: own)
        let work = [own] + others.map(\.item)
        // A task of its own, awaited here: when the client of the leading command goes away, the others' commands must
        // not go with it, and an append that was sent is never cancelled. Where many wait for it, it goes before them.
        let done = await Task(priority: others.isEmpty ? nil : .high) { await commit(work) }.value
        for (waiting, done) in zip(others, done.dropFirst()) { waiting.answer(done) }
        line.pass(.line)
        guard let own = done.first else { throw Unavailable("The store gave no answer.") }
        return try own.get()
    }

    /// A batch of so many costs little more a command than a larger one.
    private static let enough = 64
    /// Of all tasks that can run, before the batch goes with whoever has come.
    private static let rounds = 4

    /// Takes those that wait. After a batch of several it first lets the others run: many of those just answered have
    /// their next command ready, and two half batches in turn take nearly twice as long as a whole one. With enough of
    /// them the next batch is better prepared while this one is stored.
    private func gather(besides own: Work) async -> [Batcher<Only, Work, Done>.Waiting] {
        let wanted = min(callersBefore.withLock { $0 }, Self.enough)
        for _ in 0..<Self.rounds where line.waiting(for: .line) + 1 < wanted { await Task.yield() }
        let others = line.take(from: .line) { batchLength($0.lazy.map(\.item), after: own) }
        callersBefore.withLock { $0 = others.count + 1 }
        return others
    }

    /// How many of those that wait go with the one that leads.
    private func batchLength(_ waiting: some Collection<Work>, after own: Work) -> Int {
        var (commands, bytes) = (own.count, own.size)
        for (index, next) in waiting.enumerated() {
            commands += next.count
            bytes += next.size
            if commands > limits.batchCount || bytes > limits.batchBytes { return index }
        }
        return waiting.count
    }
}

// MARK: Committing

extension Appender {
    private func commit(_ work: [Work]) async -> [Result<Done, any Error>] {
        batchSizes.record(work.reduce(0) { $0 + $1.count })
        var done = [Result<Done, any Error>?](repeating: nil, count: work.count)
        let chains = work.enumerated().compactMap { index, work in if case .append(let chain) = work { (index, chain) } else { nil } }
        let refusals = work.enumerated().compactMap { index, work in if case .record(let refused) = work { (index, refused) } else { nil } }
        for ((index, _), answers) in zip(chains, await append(chains.map(\.1))) { done[index] = answers.map(Done.appended) }
        for ((index, _), answer) in zip(refusals, await record(refusals.map(\.1))) { done[index] = answer.map(Done.recorded) }
        return done.map { $0 ?? .failure(Unavailable("The store gave no answer.")) }
    }

    private func append(_ chains: [[Append]]) async -> [Result<[AppendAnswer], any Error>] {
        guard let first = chains.first else { return [] }
        let epoch = watch.history.epoch
        if let ended = chains.lazy.joined().compactMap(\.command.epoch).first(where: { $0 != epoch }) {
            return chains.count > 1 ? await appendEach(chains) : [.failure(EpochEnded(ended))]
        }
        do {
            let rows = try await send(
                try AppendCall.sql(for: chains, in: log), of: chains.reduce(0) { $0 + $1.count }, with: companion.withLock { $0 })
            let answers = try AppendCall.answers(rows, to: chains)
            reached(answers, in: epoch)
            return answers.map { .success($0) }
        } catch {
            if error.concernsAll { return chains.map { .failure(error.told(to: $0[0].command)) } }
            // One of them is something the database refuses as such. Alone, each fails only for itself.
            guard chains.count == 1 else { return await appendEach(chains) }
            return first.count == 1 ? [.failure(error)] : [await appendLinkByLink(first)]
        }
    }

    private func appendEach(_ chains: [[Append]]) async -> [Result<[AppendAnswer], any Error>] {
        var results: [Result<[AppendAnswer], any Error>] = []
        for chain in chains { results += await append([chain]) }
        return results
    }

    private func reached(_ answers: [[AppendAnswer]], in epoch: LogEpoch) {
        let positions = answers.lazy.joined().compactMap { if case .appended(let appended) = $0 { appended.position } else { nil } }
        if let last = positions.max() { watch.history.reached(last, in: epoch) }
    }

    /// Of the links before the one that cannot be stored the answers are told. That one, unless it is the first, is left
    /// to be decided and sent again: as the first of a chain it fails alone.
    private func appendLinkByLink(_ chain: [Append]) async -> Result<[AppendAnswer], any Error> {
        var answers: [AppendAnswer] = []
        for link in chain {
            guard answers.allSatisfy(\.isAppended) else {
                answers.append(.predecessorNotAppended)
                continue
            }
            switch await append([[link]]).first {
            case .success(let answer)?: answers += answer
            // It may be stored: sent again it could be told that nothing was, if the store is away by then.
            case .failure(let error as OutcomeUnknown)?: return .failure(error)
            case .failure(let error)? where answers.isEmpty: return .failure(error)
            case .failure?, nil: answers.append(.predecessorNotAppended)
            }
        }
        return .success(answers)
    }

    private func record(_ refusals: [RefusedCommand]) async -> [Result<RecordAnswer, any Error>] {
        if refusals.isEmpty { return [] }
        let epoch = watch.history.epoch
        if let ended = refusals.lazy.compactMap(\.command.epoch).first(where: { $0 != epoch }) {
            guard refusals.count > 1 else { return [.failure(EpochEnded(ended))] }
            return await recordEach(refusals)
        }
        do {
            let rows = try await send(RecordCall.sql(for: refusals, in: log), of: refusals.count)
            return try AnswerRow(rows).answers(to: refusals).map { .success($0) }
        } catch {
            if error.concernsAll { return refusals.map { .failure(error.told(to: $0.command)) } }
            return refusals.count > 1 ? await recordEach(refusals) : [.failure(error)]
        }
    }

    private func recordEach(_ refusals: [RefusedCommand]) async -> [Result<RecordAnswer, any Error>] {
        var results: [Result<RecordAnswer, any Error>] = []
        for refused in refusals { results += await record([refused]) }
        return results
    }

    /// Sends the call, and the same call again with the same ids for as long as its outcome is unknown (I2, I10).
    private func send(_ sql: SQL, of commands: Int, with companion: (any AppendCompanion)? = nil) async throws -> Rows {
        let deadline = ContinuousClock.now + limits.budget
        let epoch = watch.history.epoch
        sentAt.withLock { $0 = .now }
        defer { sentAt.withLock { $0 = nil } }
        var perhapsCommitted = false
        var backoff = Backoff(from: .milliseconds(10), to: .milliseconds(500))
        while true {
            do {
                return try await attempt(sql, with: companion)
            } catch let error as CompanionBusy {
                let pause = backoff.next()
                guard ContinuousClock.now + pause < deadline else { throw perhapsCommitted ? Lost() : Unavailable(error.reason) }
                try await Task.sleep(for: pause)
            } catch {
                // Not the database's: it was undone.
                guard let error = error as? PostgresError else { throw perhapsCommitted ? Lost() : error }
                perhapsCommitted = perhapsCommitted || error.outcomeUnknown
                if error.sqlState == .epochEnded {
                    _ = await watch.look(through: pool)
                    throw perhapsCommitted ? Lost() : EpochEnded(epoch)
                }
                guard error.isWorthRepeating else {
                    let failure = error.asAppendFailure
                    if failure is Unavailable {
                        logger.error("append refused by the database", metadata: ["error": "\(error)", "commands": "\(commands)"])
                    }
                    // An earlier attempt may have been stored: “nothing was stored” could be a lie (I2).
                    throw perhapsCommitted ? Lost() : failure
                }
                let pause = backoff.next()
                guard ContinuousClock.now + pause < deadline else {
                    logger.error("append given up", metadata: ["error": "\(error)", "commands": "\(commands)"])
                    throw perhapsCommitted ? Lost() : Unavailable("The database cannot be reached.")
                }
                if error.sqlState == .lockNotAvailable { await endSilentSenders() }
                logger.warning("append is sent again", metadata: ["error": "\(error)", "commands": "\(commands)"])
                try await Task.sleep(for: pause)
            }
        }
    }

    private func attempt(_ sql: SQL, with companion: (any AppendCompanion)?) async throws -> Rows {
        let timeout = limits.attemptTimeout
        guard let companion else { return try await pool.execute(sql, timeout: timeout, onTimeout: .abandon) }
        return try await pool.withTransaction { connection in
            let found = try await connection.pipeline([sql] + companion.looks, timeout: timeout, onTimeout: .abandon)
            try await companion.write(found.dropFirst(), on: connection)
            return found[0]
        }
    }

    /// Whoever has the lock for so long may not be there any more.
    private func endSilentSenders() async {
        do throws(PostgresError) { try await SilentSenders(log: log).end(through: pool, logger) } catch {
            logger.debug("nobody could be found who has the append lock", metadata: ["error": "\(error)"])
        }
    }

    /// Nobody knows whether the batch was committed.
    fileprivate struct Lost: Error {}
}

extension Error {
    /// Nothing that one of several commands could be to blame for.
    fileprivate var concernsAll: Bool { self is Unavailable || self is Appender.Lost || self is EpochEnded }

    fileprivate func told(to command: CommandRecord) -> any Error {
        self is Appender.Lost ? OutcomeUnknown(command.context.commandID) : self
    }
}

extension Appender.Work {
    fileprivate var count: Int { if case .append(let chain) = self { chain.count } else { 1 } }

    /// About how many bytes it sends.
    fileprivate var size: Int {
        switch self {
        case .append(let chain): chain.reduce(0) { $0 + $1.size }
        case .record(let refused): refused.command.content.count
        }
    }
}
