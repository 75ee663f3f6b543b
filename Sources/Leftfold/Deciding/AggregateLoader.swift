/// Where decisions get the states that they are made on: remembered, or replayed from the log.
struct AggregateLoader: Sendable {
    let store: any EventStore
    let cache: AggregateCache

    /// What is known of the stream, and whether it was just read.
    ///
    /// - Parameter opens: the stream is expected to be new, so that what it would be is not read but believed.
    func load<A: Aggregate>(_ id: StreamID<A>, opens: Bool = false, in epoch: LogEpoch?) async throws -> (known: Loaded<A>, isNewest: Bool)
    {
        if let cached = cache.find(A.self, id.name, in: epoch) { return (cached, false) }
        // Without a cache the next attempt could not know better than this one.
        if opens, cache.isOn { return (Loaded(), false) }
        return (try await replay(from: Loaded(), id), true)
    }

    /// The newest state: what is known and what others wrote since. It is remembered.
    ///
    /// What is known has to be in the stream still: its last event is read again.
    func catchUp<A: Aggregate>(_ known: Loaded<A>, _ id: StreamID<A>, in epoch: LogEpoch?) async throws -> Loaded<A> {
        guard known.version > .zero else { return remembered(try await replay(from: known, id), known, id, epoch) }
        let events = try await store.read(id.name, after: StreamVersion(rawValue: known.version.rawValue - 1), limit: nil)
        // A log that is shorter than what we know has lost its end.
        let isThere = events.first?.version == known.version
        if !isThere { cache.forget(id.name) }
        let newest = isThere ? try fold(events.dropFirst(), onto: known) : try await replay(from: Loaded(), id)
        return remembered(newest, known, id, epoch)
    }

    private func remembered<A: Aggregate>(
        _ newest: Loaded<A>, _ known: Loaded<A>, _ id: StreamID<A>, _ epoch: LogEpoch?
    ) -> Loaded<A> {
        if newest.version != known.version { keep(newest.state, newest.version, id.name, in: epoch) }
        return newest
    }

    /// For the next attempt, after the store has said at which version the stream is.
    func catchUp<A: Aggregate>(_ known: Loaded<A>, _ id: StreamID<A>, to actual: StreamVersion, in epoch: LogEpoch?) async throws {
        // A log that is shorter than what we know was restored to an earlier state.
        if actual < known.version { return cache.forget(id.name) }
        _ = try await catchUp(known, id, in: epoch)
    }

    /// What is known of the stream may be older than what the process itself wrote: an append may have been stored without an answer, or
    /// was stored by an attempt whose answer was lost. The next decision reads.
    func forget(_ stream: StreamName) { cache.forget(stream) }

    func keep(_ state: any Aggregate, _ version: StreamVersion, _ stream: StreamName, in epoch: LogEpoch?) {
        cache.keep(state, version, for: stream, in: epoch)
    }

    private func replay<A: Aggregate>(from known: Loaded<A>, _ id: StreamID<A>) async throws -> Loaded<A> {
        try fold(try await store.read(id.name, after: known.version, limit: nil)[...], onto: known)
    }

    private func fold<A: Aggregate>(_ events: ArraySlice<RecordedEvent>, onto known: Loaded<A>) throws -> Loaded<A> {
        var loaded = known
        for event in events {
            for event in try event.decode(as: A.self) { loaded.state.evolve(event) }
            loaded.version = event.version
        }
        return loaded
    }
}
