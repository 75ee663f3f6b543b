/// One command, decided on whichever kind of boundary it has.
struct BoundaryDecision: BoundaryVisitor {
    let decider: Decider
    let record: CommandRecord

    func visit<C: Command>(_ command: C) async throws -> Receipt where C.Target: Aggregate {
        try await decider.decideOnStream(command, record)
    }

    // MARK: Several streams

    func visit<C: Command, each A: Aggregate>(_ command: C) async throws -> Receipt where C.Target == Streams<repeat each A> {
        let reference: StreamIDs<repeat each A> = command.target
        let ids = reference.ids
        if let twice = reference.streams.firstRepeated { throw RepeatedStream(twice) }
        let loaded = (repeat try await decider.loader.load(each ids, in: record.epoch))
        let plan: Plan<repeat each A>
        do {
            plan = try self.plan(command, on: repeat (each loaded).known, ids: repeat each ids)
        } catch {
            // A no is believed only of the newest states.
            var isNewest = true
            for state in repeat each loaded { isNewest = isNewest && state.isNewest }
            if isNewest { throw error }
            let newest = (repeat try await decider.loader.catchUp((each loaded).known, each ids, in: record.epoch))
            plan = try self.plan(command, on: repeat each newest, ids: repeat each ids)
        }
        let answer: AppendAnswer
        do {
            answer = try await decider.store.append(plan.append)
        } catch let unknown as OutcomeUnknown {
            for stream in reference.streams { decider.loader.forget(stream) }
            throw unknown
        }
        if answer.isOfEarlierAttempt { for stream in reference.streams { decider.loader.forget(stream) } }
        if answer.isAppended {
            for (after, id) in repeat (each plan.after, each ids) {
                decider.loader.keep(after.state, after.version, id.name, in: record.epoch)
            }
        }
        if case .wrongExpectedVersion(let stream, let actual) = answer {
            for (known, id) in repeat (each plan.known, each ids) {
                if id.name == stream { try await decider.loader.catchUp(known, id, to: actual, in: record.epoch) }
            }
        }
        return try Receipt(answer, to: plan.append)
    }

    /// What is to be appended, the states that it was decided on, and those that it leaves.
    private struct Plan<each A: Aggregate>: Sendable {
        let append: Append
        let known: (repeat Loaded<each A>)
        let after: (repeat Loaded<each A>)
    }

    private func plan<C: Command, each A: Aggregate>(
        _ command: C, on known: repeat Loaded<each A>, ids: repeat StreamID<each A>
    ) throws -> Plan<repeat each A> where C.Target == Streams<repeat each A> {
        for (known, id) in repeat (each known, each ids) {
            try record.context.check(known.version, of: id.name)
            break  // It is the first one's.
        }
        var events = try command.decide(Streams(repeat (each known).state)).byStream()
        let written = (repeat try (each known).write(events.removeValue(forKey: (each ids).name) ?? [], to: (each ids).name))
        if let stray = events.keys.first { throw StrayChange(command: C.name, stream: stray) }
        var writes: [StreamWrite] = []
        for (write, _) in repeat each written { writes.append(write) }
        return Plan(
            append: try Append(record, writes, traceparent: Traceparent.current), known: (repeat each known),
            after: (repeat (each written).after))
    }

    // MARK: A query

    func visit<C: Command>(_ command: C) async throws -> Receipt where C.Target: DecisionModel {
        guard record.context.expectedVersions == nil else {
            throw ValidationError("expected_version", "does not apply: the command is not about one stream")
        }
        var model = command.target
        let query = model.query
        // Read before the events, so that all up to here that match are among them.
        var position = try await decider.store.head()
        var page: [RecordedEvent]
        var read = GlobalPosition.zero
        repeat {
            page = try await decider.store.read(matching: query, after: read, limit: Self.pageSize)
            for event in page { try model.evolve(event) }
            read = page.last?.position ?? read
        } while page.count == Self.pageSize
        position = max(position, read)

        let changes: Changes
        do {
            changes = try command.decide(model)
        } catch {
            throw Rejected(error)
        }
        let events = try changes.byStream()
        let writes = changes.streams.map { StreamWrite($0, expected: .any, events: events[$0] ?? []) }
        let append = try Append(
            record, writes, conditions: [AppendCondition(noEventMatching: query, after: position)], traceparent: Traceparent.current)
        return try Receipt(try await decider.store.append(append), to: append)
    }

    private static let pageSize = 1000
}

extension Changes {
    /// Each stream once, in the order of its first change.
    fileprivate var streams: [StreamName] {
        all.reduce(into: []) { streams, change in if !streams.contains(change.stream) { streams.append(change.stream) } }
    }

    fileprivate func byStream() throws -> [StreamName: [NewEvent]] {
        try all.reduce(into: [:]) { $0[$1.stream, default: []].append(try $1.encode()) }
    }
}

extension [StreamName] {
    fileprivate var firstRepeated: StreamName? {
        enumerated().first { index, name in self[..<index].contains(name) }?.element
    }
}

/// A command changed a stream that it was not decided on: a mistake of its code.
package struct StrayChange: Error, CustomStringConvertible {
    let command: String
    let stream: StreamName

    package init(command: String, stream: StreamName) {
        self.command = command
        self.stream = stream
    }

    package var description: String { "\(command) changes \(stream), which is not among its targets" }
}
