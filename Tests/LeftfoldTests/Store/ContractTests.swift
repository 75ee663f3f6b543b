import Foundation
import Leftfold
import LeftfoldTesting
import Testing

/// A contract that every store passes is worth nothing: here are some that must not.
@Suite("The contract finds")
struct ContractTests {
    @Test("a store that loses the last event of an append")
    func losesEvents() async {
        await expectFound { base, request in
            guard case .events(let events, let metadata, let expected, let claims) = request.write, events.count > 1 else {
                return try await base.append(request)
            }
            var less = request
            less.write = .events(events.dropLast(), metadata: metadata, expected: expected, claims: claims)
            return try await base.append(less)
        }
    }

    @Test("a store that does not check the expected version")
    func ignoresVersions() async {
        await expectFound { base, request in
            guard case .events(let events, let metadata, _, let claims) = request.write else { return try await base.append(request) }
            var careless = request
            careless.write = .events(events, metadata: metadata, expected: .any, claims: claims)
            return try await base.append(careless)
        }
    }

    @Test("a store that ignores claims")
    func ignoresClaims() async {
        await expectFound { base, request in
            guard case .events(let events, let metadata, let expected, _) = request.write else { return try await base.append(request) }
            var careless = request
            careless.write = .events(events, metadata: metadata, expected: expected, claims: .none)
            return try await base.append(careless)
        }
    }

    @Test("a store that takes every command for a new one")
    func ignoresIDs() async {
        await expectFound { base, request in
            var fresh = request
            fresh.commandID = UUID()
            return try await base.append(fresh)
        }
    }

    @Test("a store that does not look at the content")
    func ignoresContent() async {
        await expectFound { base, request in
            var same = request
            same.content = []
            return try await base.append(same)
        }
    }

    @Test("a store that tidies up JSON")
    func rewritesData() async {
        await expectFound { base, request in
            guard case .events(let events, let metadata, let expected, let claims) = request.write else {
                return try await base.append(request)
            }
            var tidied = request
            let rewritten = try events.map { event in
                let object = try JSONSerialization.jsonObject(with: Data(event.data))
                return NewEvent(type: event.type, data: [UInt8](try JSONSerialization.data(withJSONObject: object)))
            }
            tidied.write = .events(rewritten, metadata: metadata, expected: expected, claims: claims)
            return try await base.append(tidied)
        }
    }

    @Test("a store that does not put refusals on record")
    func ignoresRefusals() async {
        await expectFound { base, request in
            if case .refusal = request.write { return .refusalRecorded }
            return try await base.append(request)
        }
    }

    @Test("a store that lets what follows in a chain pass")
    func ignoresPredecessors() async {
        var broken: [String] = []
        for check in EventStoreContract.all {
            do { try await check.run(on: CarelessChains()) } catch { broken.append(check.description) }
        }
        #expect(broken.contains("the right version is not enough for what follows in a chain"))
    }

    @Test("nothing wrong with the chains that every store has by default", arguments: EventStoreContract.all)
    func chainsOneByOne(_ check: EventStoreContract.Check) async throws {
        try await check.run(on: DistortedStore { try await $0.append($1) })
    }

    @Test("by default, what becomes unknown in a chain is told, and what is refused as such stays behind", arguments: [true, false])
    func defaultChain(unknown: Bool) async throws {
        let stream = stream(of: UUID())
        let chain = (0..<4).map { number in
            AppendRequest(
                .teller(), commandName: "Deposit", stream: stream,
                write: .events(
                    [NewEvent(type: "MoneyDeposited", data: Array(#"{"amount":1}"#.utf8))], metadata: EventMetadata(json: Array("{}".utf8)),
                    expected: .exactly(StreamVersion(rawValue: Int64(number))), claims: .none))
        }
        let store = DistortedStore { base, request in
            let isThird = request.commandID == chain[2].commandID
            if isThird, !unknown { throw SlowStore.Unstorable() }
            let result = try await base.append(request)
            if isThird { throw OutcomeUnknown(request.commandID) }
            return result
        }
        if unknown {
            await #expect(throws: OutcomeUnknown(chain[2].commandID)) { try await store.append(chain) }
        } else {
            let results = try await store.append(chain)
            #expect(
                results == [
                    .appended(version: 1, position: 1), .appended(version: 2, position: 2), .predecessorNotAppended,
                    .predecessorNotAppended,
                ])
        }
    }

    private func expectFound(
        _ append: @escaping @Sendable (InMemoryEventStore, AppendRequest) async throws -> AppendResult
    ) async {
        var broken = 0
        for check in EventStoreContract.all {
            do {
                try await check.run(on: DistortedStore(append))
            } catch {
                broken += 1
            }
        }
        #expect(broken > 0)
    }
}

private struct CarelessChains: StoreOnTop {
    let base = InMemoryEventStore()
    func append(_ request: AppendRequest) async throws -> AppendResult { try await base.append(request) }
    func append(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        var results: [AppendResult] = []
        for request in chain { results.append(try await base.append(request)) }
        return results
    }
}

private struct DistortedStore: StoreOnTop {
    let base = InMemoryEventStore()
    let distorted: @Sendable (InMemoryEventStore, AppendRequest) async throws -> AppendResult

    init(_ distorted: @escaping @Sendable (InMemoryEventStore, AppendRequest) async throws -> AppendResult) { self.distorted = distorted }

    func append(_ request: AppendRequest) async throws -> AppendResult { try await distorted(base, request) }
}
