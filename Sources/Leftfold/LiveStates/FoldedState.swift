public import Foundation

/// Up to where the events of a stream are folded.
public enum StreamMoment: Sendable, Hashable {
    case end
    /// Up to this version, with it.
    case version(StreamVersion)
    /// Up to the last event that was recorded then.
    case time(Date)
}

/// An aggregate as its events up to some moment make it.
public struct FoldedState<A: Aggregate>: Sendable {
    public var state = A()
    /// How many events are in it.
    public var version = StreamVersion.zero
    /// Of the last of them.
    public var position = GlobalPosition.zero
    /// When the last of them was recorded.
    public var recordedAt = Date.distantPast
}

extension EventStore {
    /// The state of a stream, folded now from its events: nothing that is remembered, and no snapshot. It costs what the stream is long.
    ///
    /// Throws `NotFound`: `no_events` where the stream had none by then, `no_such_version` where it has not come to that version; or
    /// ``EventCodingError`` for what today's code cannot read.
    public func state<A: Aggregate>(of id: StreamID<A>, at moment: StreamMoment = .end) async throws -> FoldedState<A> {
        if case .version(let wanted) = moment, wanted < 1 { throw NotFound(code: "no_such_version", "Versions begin at 1.") }
        var (folding, folded) = (FoldedState<A>(), FoldedState<A>())
        reading: while true {
            let events = try await read(id.name, after: folding.version, limit: 1000)
            for event in events {
                if case .version(let last) = moment, event.version > last { break reading }
                for change in try event.decode(as: A.self) { folding.state.evolve(change) }
                (folding.version, folding.position, folding.recordedAt) = (event.version, event.position, event.recordedAt)
                // Clocks order nothing: what comes before the last such event is in, whatever time it has.
                if case .time(let time) = moment, event.recordedAt > time { continue }
                folded = folding
            }
            if events.count < 1000 { break }
        }
        guard folding.version > .zero else { throw NotFound(code: "no_events", "\(id.name) has no events.") }
        guard folded.version > .zero else { throw NotFound(code: "no_events", "\(id.name) had no events by then.") }
        if case .version(let wanted) = moment, folded.version != wanted {
            throw NotFound(code: "no_such_version", "\(id.name) is at version \(folded.version); there is no version \(wanted).")
        }
        return folded
    }
}
