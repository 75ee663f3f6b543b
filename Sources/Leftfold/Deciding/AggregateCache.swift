/// Recently used aggregates at their versions, so that a decision need not read the log. Bounded.
///
/// An entry may be stale; it is never trusted: the append carries its version as the expected one, and a conflict drops it. One of another
/// epoch of the log is none.
public final class AggregateCache: Sendable {
    private let states: RecentlyUsed<StreamName, Entry>

    private struct Entry: Sendable {
        var state: any Aggregate
        var version: StreamVersion
        var epoch: LogEpoch?
    }

    /// - Parameter capacity: how many aggregates are kept at most; 0 turns the cache off.
    public init(capacity: Int = 20_000) { states = RecentlyUsed(capacity: capacity) }

    var isOn: Bool { states.isOn }

    func find<A: Aggregate>(_ type: A.Type, _ stream: StreamName, in epoch: LogEpoch?) -> Loaded<A>? {
        guard let entry = states.find(stream), entry.epoch == epoch, let state = entry.state as? A else { return nil }
        return Loaded(state: state, version: entry.version)
    }

    /// Keeps the newer of what is there and what is offered.
    func keep(_ state: any Aggregate, _ version: StreamVersion, for stream: StreamName, in epoch: LogEpoch?) {
        states.keep(Entry(state: state, version: version, epoch: epoch), for: stream) { $0.epoch == epoch && $0.version > version }
    }

    func forget(_ stream: StreamName) { states.forget(stream) }
}
