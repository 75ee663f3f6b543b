public import Foundation
import Synchronization

/// The log in memory: the definition of the store in one screen, and what tests of pure logic run on. It forgets everything.
public final class InMemoryEventStore: EventStore {
    fileprivate struct Contents {
        var log: [RecordedEvent] = []
        var streams: [StreamName: [Int]] = [:]
        var claims: [Claim: StreamName] = [:]
        var commands: [UUID: (content: [UInt8], entry: JournalEntry)] = [:]
        var order: [UUID] = []
    }

    private let contents = Mutex(Contents())

    public init() {}

    public func append(_ request: AppendRequest) async throws -> AppendResult {
        contents.withLock { $0.append(request, follows: true) }
    }

    public func append(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        contents.withLock { contents in
            chain.reduce(into: []) { results, request in
                results.append(contents.append(request, follows: results.allSatisfy(\.isAppended)))
            }
        }
    }

    public func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        contents.withLock { contents in
            (contents.streams[stream] ?? []).dropFirst(Int(version.rawValue)).prefix(limit ?? .max).map { contents.log[$0] }
        }
    }

    public func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        contents.withLock { Array($0.log.dropFirst(Int(position.rawValue)).prefix(limit)) }
    }

    public func head() async throws -> GlobalPosition { contents.withLock { $0.head } }

    public func journalEntry(for commandID: UUID) async throws -> JournalEntry? {
        contents.withLock { $0.commands[commandID]?.entry }
    }

    public func journal(_ filter: JournalFilter) async throws -> [JournalEntry] {
        let newestFirst = contents.withLock { contents in contents.order.reversed().compactMap { contents.commands[$0]?.entry } }
        let matching = newestFirst.lazy.filter { entry in
            (filter.outcome == nil || entry.outcome == filter.outcome)
                && (filter.principal == nil || entry.principal == filter.principal)
                && (filter.stream == nil || entry.stream == filter.stream)
        }
        return Array(matching.prefix(filter.limit))
    }

    public func holders(of claims: [Claim]) async throws -> [Claim: StreamName] {
        contents.withLock { contents in claims.reduce(into: [:]) { $0[$1] = contents.claims[$1] } }
    }
}

extension InMemoryEventStore.Contents {
    fileprivate var head: GlobalPosition { GlobalPosition(rawValue: Int64(log.count)) }

    fileprivate mutating func append(_ request: AppendRequest, follows: Bool) -> AppendResult {
        if let known = commands[request.commandID] {
            guard known.content == request.content else { return .commandIDReused }
            guard known.entry.outcome == .accepted else { return .refusedBefore(known.entry.outcome, code: known.entry.code ?? "") }
            return .acceptedBefore(version: known.entry.version ?? .zero, position: known.entry.lastPosition ?? .zero)
        }
        guard follows else { return .predecessorNotAppended }
        switch request.write {
        case .refusal(let outcome, let code):
            record(request, outcome, code: code)
            return .refusalRecorded
        case .events(let events, let metadata, let expected, let changes):
            guard let stream = request.stream else { return .wrongExpectedVersion(actual: .zero) }
            let actual = StreamVersion(rawValue: Int64(streams[stream]?.count ?? 0))
            if case .exactly(let version) = expected, version != actual { return .wrongExpectedVersion(actual: actual) }
            for claim in changes.taken {
                if let holder = claims[claim], holder != stream { return .claimTaken(claim) }
            }
            for claim in changes.released where claims[claim] == stream { claims[claim] = nil }
            for claim in changes.taken { claims[claim] = stream }

            let first = head.next
            for (index, event) in events.enumerated() {
                streams[stream, default: []].append(log.count)
                log.append(
                    RecordedEvent(
                        position: head.next, stream: stream, version: actual.advanced(by: index + 1), type: event.type,
                        data: event.data, metadata: metadata, commandID: request.commandID, recordedAt: Date()))
            }
            let version = actual.advanced(by: events.count)
            record(request, .accepted, version: version, first: events.isEmpty ? nil : first, last: head)
            return .appended(version: version, position: head)
        }
    }

    private mutating func record(
        _ request: AppendRequest, _ outcome: Outcome, code: String? = nil, version: StreamVersion? = nil,
        first: GlobalPosition? = nil, last: GlobalPosition? = nil
    ) {
        order.append(request.commandID)
        commands[request.commandID] = (
            request.content,
            JournalEntry(
                commandID: request.commandID, name: request.commandName, principal: request.principal, tenant: request.tenant,
                correlationID: request.correlationID, causationID: request.causationID, stream: request.stream?.rawValue,
                receivedAt: request.receivedAt, finishedAt: Date(), outcome: outcome, code: code, version: version,
                firstPosition: first, lastPosition: last)
        )
    }
}
