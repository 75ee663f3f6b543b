/// A command for one stream, ready to be decided on a state of it.
struct Decision<C: Command>: Deciding where C.Target: Aggregate {
    let command: C
    let record: CommandRecord

    func decide(on known: Loaded<C.Target>) throws -> DecisionChain.Link {
        let stream = command.target.name
        try record.context.check(known.version, of: stream)
        let events: [C.Target.Event]
        do {
            events = try command.decide(known.state)
        } catch {
            throw Rejected(error)
        }
        let (write, after) = try known.write(try events.map(EventCodec.encode), to: stream)
        return DecisionChain.Link(
            append: Append(record, write, traceparent: Traceparent.current), known: known.version, state: after.state,
            version: after.version)
    }

    func decide(after chain: inout DecisionChain) throws {
        guard let last = chain.links.last, let state = last.state as? C.Target else { throw DecisionChain.OtherAggregate() }
        chain.add(try decide(on: Loaded(state: state, version: last.version)))
    }
}

/// A ``Decision`` of any type.
protocol Deciding: Sendable {
    var record: CommandRecord { get }
    /// Decides on what the chain will leave, and adds to it.
    func decide(after chain: inout DecisionChain) throws
}

/// An aggregate and the version it was folded up to.
struct Loaded<A: Aggregate>: Sendable {
    var state = A()
    var version = StreamVersion.zero

    /// The write of these events, and what it leaves. Folded from the stored form, as every later replay does: what an
    /// encoder rounds off must not be decided on.
    func write(_ events: [NewEvent], to stream: StreamName) throws -> (StreamWrite, after: Loaded) {
        var after = self
        for event in events {
            for event in try A.events(of: event) { after.state.evolve(event) }
        }
        after.version = version.advanced(by: events.count)
        let claims = events.isEmpty ? .none : ClaimChanges(from: state.claims, to: after.state.claims)
        return (StreamWrite(stream, expected: .exactly(version), events: events, claims: claims), after)
    }
}
