public import Foundation
import Synchronization

/// The log in memory: the definition of the store in one screen, and what tests of pure logic run on. It forgets everything.
public final class InMemoryEventStore: EventStore {
    fileprivate struct Contents {
        var log: [RecordedEvent] = []
        var streams: [StreamName: [Int]] = [:]
        var claims: [Claim: StreamName] = [:]
        var commands: [UUID: Answered] = [:]
        var order: [UUID] = []
        var checkpoints: [FollowerName: Checkpoint] = [:]
    }

    fileprivate struct Answered {
        var content: [UInt8]
        var entry: JournalEntry
        var streams: [StreamProgress]
    }

    public let history = LogHistory()
    private let contents = Mutex(Contents())

    public init() {}

    public func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        try contents.withLock { contents in
            try check(chain.map(\.command))
            return try chain.reduce(into: []) { answers, append in
                answers.append(try contents.append(append, follows: answers.allSatisfy(\.isAppended)))
            }
        }
    }

    public func record(_ refused: RefusedCommand) async throws -> RecordAnswer {
        try contents.withLock { contents in
            try check([refused.command])
            switch contents.known(refused.command) {
            case .acceptedBefore(let appended): return .acceptedBefore(appended)
            case .refusedBefore(let kind, let code): return .refusedBefore(kind, code: code)
            case .commandIDReused: return .commandIDReused
            default: break
            }
            contents.record(refused.command, .refused(refused.kind), code: refused.code, for: refused.streams)
            return .recorded
        }
    }

    /// All that it holds now.
    package struct Backup: Sendable { fileprivate let contents: Contents }

    package func backUp() -> Backup { Backup(contents: contents.withLock { $0 }) }

    /// Holds again what it held then, as after a failover that lost the rest.
    ///
    /// - Parameter epoch: the one that begins; nil: nobody is told.
    package func restore(_ backup: Backup, entering epoch: LogEpoch?) {
        contents.withLock { contents in
            contents = backup.contents
            if let epoch { _ = history.enter(epoch, ended: [history.epoch: backup.contents.head]) }
        }
    }

    private func check(_ commands: [CommandRecord]) throws {
        let epoch = history.epoch
        for decidedIn in commands.lazy.compactMap(\.epoch) where decidedIn != epoch { throw EpochEnded(decidedIn) }
    }

    public func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        contents.withLock { contents in
            (contents.streams[stream] ?? []).dropFirst(Int(version.rawValue)).prefix(limit ?? .max).map { contents.log[$0] }
        }
    }

    public func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        contents.withLock { Array($0.log.dropFirst(Int(position.rawValue)).prefix(limit)) }
    }

    public func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        contents.withLock { Array($0.log.dropFirst(Int(position.rawValue)).lazy.filter(query.matches).prefix(limit)) }
    }

    public func head() async throws -> GlobalPosition { contents.withLock { $0.head } }

    public func journalEntry(for commandID: UUID) async throws -> JournalEntry? {
        contents.withLock { $0.commands[commandID]?.entry }
    }

    public func journal(_ filter: JournalFilter) async throws -> [JournalEntry] {
        let newestFirst = contents.withLock { contents in contents.order.reversed().compactMap { contents.commands[$0]?.entry } }
        return Array(newestFirst.lazy.filter(filter.matches).prefix(filter.limit))
    }

    public func holders(of claims: [Claim]) async throws -> [Claim: StreamName] {
        contents.withLock { contents in claims.reduce(into: [:]) { $0[$1] = contents.claims[$1] } }
    }

    public func takeOver(_ follower: FollowerName) async throws -> Checkpoint {
        contents.withLock { contents in
            var checkpoint = contents.checkpoints[follower] ?? Checkpoint(follower, at: .zero, epoch: 0)
            checkpoint.epoch += 1
            contents.checkpoints[follower] = checkpoint
            return checkpoint
        }
    }
}

extension InMemoryEventStore.Contents {
    fileprivate var head: GlobalPosition { GlobalPosition(rawValue: Int64(log.count)) }

    private func version(of stream: StreamName) -> StreamVersion { StreamVersion(rawValue: Int64(streams[stream]?.count ?? 0)) }

    /// The first answer to a command, if it was answered.
    fileprivate func known(_ command: CommandRecord) -> AppendAnswer? {
        guard let known = commands[command.context.commandID] else { return nil }
        guard known.content == command.content else { return .commandIDReused }
        switch known.entry.outcome {
        case .accepted: return .acceptedBefore(Appended(known.streams, at: known.entry.lastPosition ?? .zero))
        case .refused(let kind): return .refusedBefore(kind, code: known.entry.code ?? "")
        }
    }

    /// The rules, in their order. The first that is broken is the answer.
    private func refusal(of append: Append, follows: Bool) -> AppendAnswer? {
        if let known = known(append.command) { return known }
        guard follows else { return .predecessorNotAppended }
        if let progress = append.progress, checkpoints[progress.from.follower] != progress.from { return .checkpointMoved }
        for write in append.writes {
            let actual = version(of: write.stream)
            if case .exactly(let version) = write.expected, version != actual { return .wrongExpectedVersion(write.stream, actual: actual) }
        }
        for condition in append.conditions {
            if let event = log.dropFirst(Int(condition.after.rawValue)).first(where: condition.query.matches) {
                return .conditionFailed(at: event.position)
            }
        }
        return takenClaim(of: append).map(AppendAnswer.claimTaken)
    }

    /// The first claim that is not to be had: after what the append releases, another stream holds it, or would by an
    /// earlier write.
    private func takenClaim(of append: Append) -> Claim? {
        var holders = claims
        for write in append.writes {
            for claim in write.claims.released where holders[claim] == write.stream { holders[claim] = nil }
        }
        for write in append.writes {
            for claim in write.claims.taken {
                if let holder = holders[claim], holder != write.stream { return claim }
                holders[claim] = write.stream
            }
        }
        return nil
    }

    fileprivate mutating func append(_ append: Append, follows: Bool) throws -> AppendAnswer {
        if let refusal = refusal(of: append, follows: follows) { return refusal }
        let metadata = try append.writes.map { write in
            try write.events.map { try EventMetadata(version: $0.version, traceparent: append.traceparent) }
        }
        for write in append.writes {
            for claim in write.claims.released where claims[claim] == write.stream { claims[claim] = nil }
        }
        let before = head
        var reached: [StreamProgress] = []
        for (write, metadata) in zip(append.writes, metadata) {
            for claim in write.claims.taken { claims[claim] = write.stream }
            for (event, metadata) in zip(write.events, metadata) { store(event, in: write.stream, metadata, append.command.context) }
            reached.append(StreamProgress(write.stream, at: version(of: write.stream)))
        }
        if head > before { reached = zip(append.writes, reached).filter { !$0.0.events.isEmpty }.map(\.1) }
        if let progress = append.progress { checkpoints[progress.from.follower]?.position = progress.to }
        record(append.command, .accepted, at: reached, first: head > before ? before.next : nil, last: head)
        return .appended(Appended(reached, at: head))
    }

    private mutating func store(_ event: NewEvent, in stream: StreamName, _ metadata: EventMetadata?, _ context: CommandContext) {
        streams[stream, default: []].append(log.count)
        log.append(
            RecordedEvent(
                position: head.next, stream: stream, version: version(of: stream), type: event.type, data: event.data, tags: event.tags,
                correlationID: context.correlationID, commandID: context.commandID, principal: context.principal.subject,
                metadata: metadata, recordedAt: Date()))
    }

    fileprivate mutating func record(
        _ command: CommandRecord, _ outcome: Outcome, code: String? = nil, for streams: [StreamName] = [],
        at reached: [StreamProgress] = [], first: GlobalPosition? = nil, last: GlobalPosition? = nil
    ) {
        let context = command.context
        order.append(context.commandID)
        commands[context.commandID] = InMemoryEventStore.Answered(
            content: command.content,
            entry: JournalEntry(
                commandID: context.commandID, name: command.name, principal: context.principal.subject,
                correlationID: context.correlationID, causationID: context.causationID,
                stream: (reached.first?.stream ?? streams.first)?.rawValue, receivedAt: context.receivedAt, finishedAt: Date(),
                outcome: outcome, code: code, version: reached.first?.version, firstPosition: first, lastPosition: last),
            streams: reached)
    }
}
