import Foundation
import Leftfold
import Synchronization

/// The log as the lines of a batch see it: their appends wait here for one another, and are then stored as if in the order
/// of the file.
///
/// The lines of a batch are for different streams, so each can be decided on its own. What one decides matters to another
/// only through a claim that both take or give up, and by then it is known exactly which they are: all are decided before
/// any is stored. Those that share a claim are appended as a chain in the file's order; what shares nothing goes beside
/// them. Where a link of a chain is not appended, those behind it wait until that one is answered for good, or is here
/// again, decided anew.
///
/// *Why nobody waits for ever.* A wave is stored when every line that has not ended is here. A line comes here or ends; it
/// waits for another nowhere else. Of each chain, a wave answers at least the first.
final class FileOrderStore: EventStore {
    private struct State {
        /// The lines that have not ended, by their command ids: their places in the batch.
        var unfinished: [UUID: Int] = [:]
        var waiting: [Waiting] = []
        var waves: AsyncStream<[Waiting]>.Continuation?
        /// Why a line ended without an answer: what comes after it in the file must not get ahead of it.
        var givenUp: Unavailable?

        mutating func goOn() {
            if unfinished.isEmpty { waves?.finish() }
            guard !waiting.isEmpty, waiting.count == unfinished.count else { return }
            waves?.yield(waiting.sorted { $0.place < $1.place })
            waiting = []
        }
    }

    fileprivate struct Waiting: Sendable {
        let place: Int
        let append: Append
        let continuation: CheckedContinuation<AppendAnswer, any Error>
    }

    private let base: any EventStore
    private let state = Mutex(State())

    init(_ base: any EventStore) { self.base = base }

    /// What the lines of one batch append, whenever all that have not ended are here.
    struct Waves {
        fileprivate let stream: AsyncStream<[Waiting]>
    }

    /// These lines are under way, in this order. Those of the batch before have ended.
    func begin(_ ids: [UUID]) -> Waves {
        let (stream, continuation) = AsyncStream.makeStream(of: [Waiting].self)
        state.withLock { state in
            state.unfinished = Dictionary(zip(ids, 0...)) { first, _ in first }
            state.waves = continuation
            state.goOn()
        }
        return Waves(stream: stream)
    }

    /// Returns when all lines of the batch have ended.
    func store(_ waves: Waves) async {
        for await wave in waves.stream {
            await withTaskGroup { group in
                for chain in Self.chains(of: wave) { group.addTask { await self.store(chain) } }
            }
        }
    }

    /// A line ends without an answer, so no other may be stored any more: in the next run it would find itself behind one that
    /// comes after it in the file.
    func giveUp(_ reason: Unavailable) {
        let waiting = state.withLock { state in
            state.givenUp = reason
            defer { state.waiting = [] }
            return state.waiting
        }
        for line in waiting { line.continuation.resume(throwing: reason) }
    }

    /// This line will not come again.
    func end(_ id: UUID) {
        state.withLock { state in
            state.unfinished[id] = nil
            state.goOn()
        }
    }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        guard let append = chain.first, chain.count == 1,
            let place = state.withLock({ $0.unfinished[append.command.context.commandID] })
        else { return try await base.append(chain) }
        let answer: AppendAnswer = try await withCheckedThrowingContinuation { continuation in
            wait([Waiting(place: place, append: append, continuation: continuation)][...])
        }
        return [answer]
    }

    /// Those that share a claim, directly or by way of others, in order.
    private static func chains(of wave: [Waiting]) -> [[Waiting]] {
        var chains: [[Waiting]] = []
        var chainOfClaim: [Claim: Int] = [:]
        for line in wave {
            let claims = line.append.writes.flatMap { $0.claims.released + $0.claims.taken }
            let tied = Set(claims.compactMap { chainOfClaim[$0] }).sorted()
            let chain = tied.first ?? chains.count
            if chain == chains.count { chains.append([]) }
            for other in tied.dropFirst() {
                chains[chain] += chains[other]
                chains[other] = []
                for (claim, tiedTo) in chainOfClaim where tiedTo == other { chainOfClaim[claim] = chain }
            }
            chains[chain].append(line)
            for claim in claims { chainOfClaim[claim] = chain }
        }
        return chains.filter { !$0.isEmpty }.map { $0.sorted { $0.place < $1.place } }
    }

    private func store(_ chain: [Waiting]) async {
        var rest = chain[...]
        var length = rest.count
        while !rest.isEmpty {
            let part = rest.prefix(length)
            do {
                let answers = try await base.append(part.map(\.append))
                guard answers.count == part.count else { throw Unavailable("The store did not answer all that it was sent.") }
                let answered = (answers.firstIndex { !$0.isAppended } ?? answers.count - 1) + 1
                rest = rest.dropFirst(answered)
                // Before it is told: it may be here again at once, and must find them waiting.
                if let last = answers[..<answered].last, last.mayBeDecidedAgain {
                    wait(rest)
                    rest = []
                }
                for (line, answer) in zip(part, answers).prefix(answered) { line.continuation.resume(returning: answer) }
            } catch  where length > 1 && !(error is Unavailable || error is OutcomeUnknown) {
                // One of them cannot be stored at all; it must not take the others with it. Nothing was written.
                length = 1
            } catch {
                wait(rest.dropFirst(part.count))
                rest = []
                for line in part { line.continuation.resume(throwing: error) }
            }
        }
    }

    private func wait(_ lines: ArraySlice<Waiting>) {
        let givenUp: Unavailable? = state.withLock { state in
            if let reason = state.givenUp { return reason }
            state.waiting += lines
            state.goOn()
            return nil
        }
        if let givenUp { for line in lines { line.continuation.resume(throwing: givenUp) } }
    }
}

extension AppendAnswer {
    /// The bus looks again at what has changed, and comes back.
    fileprivate var mayBeDecidedAgain: Bool {
        switch self {
        case .wrongExpectedVersion, .conditionFailed, .predecessorNotAppended, .checkpointMoved: true
        case .appended, .acceptedBefore, .refusedBefore, .commandIDReused, .claimTaken: false
        }
    }
}

/// Everything else goes straight through.
extension FileOrderStore {
    var history: LogHistory { base.history }
    func record(_ refused: RefusedCommand) async throws -> RecordAnswer { try await base.record(refused) }
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        try await base.read(stream, after: version, limit: limit)
    }
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(after: position, limit: limit)
    }
    func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(matching: query, after: position, limit: limit)
    }
    func head() async throws -> GlobalPosition { try await base.head() }
    func journalEntry(for commandID: UUID) async throws -> JournalEntry? { try await base.journalEntry(for: commandID) }
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry] { try await base.journal(filter) }
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName] { try await base.holders(of: claims) }
    func takeOver(_ follower: FollowerName) async throws -> Checkpoint { try await base.takeOver(follower) }
}
