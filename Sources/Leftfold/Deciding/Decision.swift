import Foundation

/// A command that is ready to be decided on a state of its stream.
struct Decision<C: Command>: Deciding {
    let command: C
    let context: CommandContext

    var commandID: UUID { context.commandID }

    func decide(on known: Loaded<C.Target>) throws -> DecisionChain.Link {
        let stream = command.target.name
        if let expected = context.expectedVersion, expected != known.version {
            throw WrongExpectedVersion(stream: stream, expected: expected, actual: known.version)
        }
        let events: [C.Target.Event]
        do {
            events = try command.decide(known.state)
        } catch {
            throw Rejected(error)
        }
        var state = known.state
        for event in events { state.evolve(event) }
        let claims = events.isEmpty ? .none : ClaimChanges(from: known.state.claims, to: state.claims)
        let request = AppendRequest(
            context, commandName: C.name, stream: stream,
            write: .events(
                try events.map(EventCodec.encode), metadata: context.metadata, expected: .exactly(known.version), claims: claims))
        return DecisionChain.Link(
            request: request, known: known.version, state: state, version: known.version.advanced(by: events.count))
    }

    func decide(after chain: inout DecisionChain) throws {
        guard let last = chain.links.last, let state = last.state as? C.Target else { throw DecisionChain.OtherAggregate() }
        chain.add(try decide(on: Loaded(state: state, version: last.version)))
    }
}

/// A ``Decision`` of any type.
protocol Deciding: Sendable {
    var commandID: UUID { get }
    /// Decides on what the chain will leave, and adds to it.
    func decide(after chain: inout DecisionChain) throws
}
