/// The heart: load by replaying, decide, append what was decided if that is still what is there.
struct Decider: Sendable {
    let store: any EventStore
    let loader: AggregateLoader
    /// Commands of this process for one stream take turns, so that a busy stream does not conflict with itself. Whose turn
    /// it is decides those that wait along with its own. It spares retries and round trips; correctness rests on the store.
    let lines = Batcher<StreamName, any Deciding, Receipt>()

    func decide<C: Command>(_ command: C, _ record: CommandRecord) async throws -> Receipt {
        try await C.Target.accept(command, BoundaryDecision(decider: self, record: record))
    }

    func decideOnStream<C: Command>(_ command: C, _ record: CommandRecord) async throws -> Receipt where C.Target: Aggregate {
        let (id, decision) = (command.target, Decision(command: command, record: record))
        if case .answered(let answer) = await lines.join(id.name, decision) { return try answer.get() }

        var left: [Passengers.Waiting] = []
        defer { lines.pass(id.name, puttingBack: left) }
        let (known, isNewest) = try await loader.load(id, opens: C.opensStream, in: record.epoch)
        let (own, decidedOn) = try await decide(decision, on: known, isNewest: isNewest)

        // Those that wait are decided on what this one will have done, and go with it.
        var chain = DecisionChain(own)
        let passengers = Passengers(lines.take(from: id.name) { _ in DecisionChain.maximumLength - 1 }, joining: &chain)
        let answers: [AppendAnswer]
        do {
            answers = try await store.append(chain.appends)
        } catch let error where error is Unavailable || error is OutcomeUnknown {
            if error is OutcomeUnknown { loader.forget(id.name) }
            passengers.fail(error)
            throw error is OutcomeUnknown ? OutcomeUnknown(record.context.commandID) : error
        } catch {
            left = passengers.all
            throw error
        }
        if answers.contains(where: \.isOfEarlierAttempt) {
            loader.forget(id.name)
        } else if let end = chain.end(of: answers) {
            loader.keep(end.state, end.version, id.name, in: end.append.command.epoch)
        }
        left = passengers.answer(answers)

        guard let answer = answers.first else { throw Unavailable("The store gave no answer.") }
        if case .wrongExpectedVersion(_, let actual) = answer { try await loader.catchUp(decidedOn, id, to: actual, in: record.epoch) }
        return try own.receipt(for: answer)
    }

    /// Decides on what is known. A no is believed only of the newest state: what another process wrote meanwhile would not
    /// be noticed otherwise, since a no appends nothing.
    private func decide<C: Command>(
        _ decision: Decision<C>, on known: Loaded<C.Target>, isNewest: Bool
    ) async throws -> (DecisionChain.Link, on: Loaded<C.Target>) {
        do {
            return (try decision.decide(on: known), known)
        } catch {
            if isNewest { throw error }
            let newest = try await loader.catchUp(known, decision.command.target, in: decision.record.epoch)
            if newest.version == known.version { throw error }
            return try await decide(decision, on: newest, isNewest: true)
        }
    }
}
