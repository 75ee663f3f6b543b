import Synchronization

/// Recently used aggregates at their versions, so that a decision need not read the log. Bounded.
///
/// An entry may be stale; it is never trusted: the append carries its version as the expected one, and a conflict drops it.
/// Two halves stand in for a list of uses: what is used moves to the young half; when that is full, the old half goes.
public final class AggregateCache: Sendable {
    private let capacityOfHalf: Int
    private let halves = Mutex(Halves())

    private struct Halves: Sendable {
        var young: [StreamName: Entry] = [:]
        var old: [StreamName: Entry] = [:]
    }

    private struct Entry: Sendable {
        var state: any Aggregate
        var version: StreamVersion
    }

    /// - Parameter capacity: about how many aggregates are kept; 0 turns the cache off.
    public init(capacity: Int = 20_000) { capacityOfHalf = capacity / 2 }

    var isOn: Bool { capacityOfHalf > 0 }

    func find<A: Aggregate>(_ type: A.Type, _ stream: StreamName) -> Loaded<A>? {
        let entry = halves.withLock { $0.young[stream] ?? $0.old[stream] }
        guard let entry, let state = entry.state as? A else { return nil }
        return Loaded(state: state, version: entry.version)
    }

    /// Keeps the newer of what is there and what is offered.
    func keep(_ state: any Aggregate, _ version: StreamVersion, for stream: StreamName) {
        guard isOn else { return }
        halves.withLock { halves in
            let known = halves.young[stream] ?? halves.old[stream]
            if let known, known.version > version { return }
            halves.young[stream] = Entry(state: state, version: version)
            if halves.young.count >= capacityOfHalf { halves = Halves(young: [:], old: halves.young) }
        }
    }

    func forget(_ stream: StreamName) {
        halves.withLock { halves in
            halves.young[stream] = nil
            halves.old[stream] = nil
        }
    }
}
