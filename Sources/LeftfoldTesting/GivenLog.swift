import Foundation
public import Leftfold

/// The beginning of a test of a decision on several streams or on a query: what happened before, in order, in any streams.
/// ```swift
/// let before = Changes(.opened(owner: "Ada"), .deposited(amount: 5), to: a) + Changes(.opened(owner: "Bob"), to: b)
/// #expect(
///     try given(before).when(Transfer(from: a, to: b, amount: 5))
///         == .events(Changes(.withdrawn(amount: 5), to: a) + Changes(.deposited(amount: 5), to: b)))
/// ```
public func given(_ history: Changes) -> GivenLog { GivenLog(history: history) }

/// A log with a past. It is in no store: it is what a store would hand out.
public struct GivenLog: Sendable {
    let history: Changes

    /// The events of the log, in their stored form. Throws what encoding them throws.
    public var events: [RecordedEvent] {
        get throws {
            var versions: [StreamName: StreamVersion] = [:]
            return try history.all.enumerated().map { index, change in
                let version = versions[change.stream, default: .zero].advanced(by: 1)
                versions[change.stream] = version
                let stored = try change.encode()
                return RecordedEvent(
                    position: GlobalPosition(rawValue: Int64(index) + 1), stream: change.stream, version: version, type: stored.type,
                    data: stored.data, tags: stored.tags, correlationID: "", commandID: UUID(), principal: "",
                    metadata: try EventMetadata(version: stored.version, traceparent: nil), recordedAt: Date())
            }
        }
    }

    /// What comes of a command for one stream. Throws where an event cannot be stored and read again.
    public func when<C: Command>(_ command: C) throws -> Decided<C.Target> where C.Target: Aggregate {
        Decided(command, on: try state(of: command.normalized().target))
    }

    /// What comes of a command for several streams. Throws, as sending it would, `RepeatedStream` for a stream that
    /// it names twice and an error for a change to a stream that it does not name; and where an event cannot be stored and read again.
    public func when<C: Command, each A: Aggregate>(_ command: C) throws -> Decided<C.Target> where C.Target == Streams<repeat each A> {
        let reference: StreamIDs<repeat each A> = command.normalized().target
        let streams = reference.streams
        for (index, stream) in streams.enumerated() where streams[..<index].contains(stream) { throw RepeatedStream(stream) }
        let decided = Decided<C.Target>(command, on: Streams(repeat try state(of: each reference.ids)))
        if case .events(let changes) = decided, let stray = changes.all.first(where: { !streams.contains($0.stream) }) {
            throw StrayChange(command: C.name, stream: stray.stream)
        }
        return decided
    }

    /// What comes of a command that rests on a query. Throws where an event cannot be stored and read again.
    public func when<C: Command>(_ command: C) throws -> Decided<C.Target> where C.Target: DecisionModel {
        var model = command.normalized().target
        for event in try events where model.query.matches(event) { try model.evolve(event) }
        return Decided(command, on: model)
    }

    private func state<A: Aggregate>(of id: StreamID<A>) throws -> A {
        A(replaying: try events.filter { $0.stream == id.name }.flatMap { try $0.decode(as: A.self) })
    }
}
