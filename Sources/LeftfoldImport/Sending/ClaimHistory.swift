import Leftfold

/// Which claims a stream has ever held, read from the log. Remembers the streams it read last, so that a stream that
/// comes up again costs only its new events.
actor ClaimHistory {
    private let store: any EventStore
    private let capacityOfHalf: Int
    private var young: [StreamName: Past] = [:]
    private var old: [StreamName: Past] = [:]

    private struct Past {
        var state: any Aggregate
        var version = StreamVersion.zero
        var claims: Set<Claim> = []
    }

    init(_ store: any EventStore, capacity: Int = 10_000) {
        self.store = store
        capacityOfHalf = capacity / 2
    }

    func claims(of command: any Command) async throws -> Set<Claim> { try await accept(command) }

    private func accept<C: Command>(_ command: C) async throws -> Set<Claim> {
        try await C.Target.accept(command, Visitor(history: self))
    }

    private struct Visitor: BoundaryVisitor {
        let history: ClaimHistory
        func visit<C: Command>(_ command: C) async throws -> Set<Claim> where C.Target: Aggregate {
            try await history.claims(everHeldByTargetOf: command)
        }
        func visit<C: Command, each A: Aggregate>(_ command: C) async throws -> Set<Claim> where C.Target == Streams<repeat each A> { [] }
        func visit<C: Command>(_ command: C) async throws -> Set<Claim> where C.Target: DecisionModel { [] }
    }

    private func claims<C: Command>(everHeldByTargetOf command: C) async throws -> Set<Claim> where C.Target: Aggregate {
        let stream = command.normalized().target.name
        let known = young[stream] ?? old[stream]
        var state = known?.state as? C.Target ?? C.Target()
        var past = known ?? Past(state: state)
        for event in try await store.read(stream, after: past.version, limit: nil) {
            for event in try event.decode(as: C.Target.self) { state.evolve(event) }
            past.claims.formUnion(state.claims)
            past.version = event.version
        }
        past.state = state
        young[stream] = past
        if young.count >= capacityOfHalf { (young, old) = ([:], young) }
        return past.claims
    }
}
