/// One type of query at the bus: what was kept of its answers, the line of those who wait to read, and its handler.
final class QueryDesk<Q: Query>: Sendable {
    private let function: AnswerFunction<Q>
    private let shelf: QueryShelf<Q>?
    private let longestAge: Duration
    private let cursors: CursorSeal?
    private let turnstile = Turnstile(Q.maximumRunning)
    let meters = QueryMeters(Q.name)

    init(_ function: AnswerFunction<Q>, _ cache: QueryCache?, _ cursors: CursorSeal?) {
        self.function = function
        self.cursors = cursors
        switch Q.caching {
        case .on(let age): (shelf, longestAge) = (function.isCacheable ? cache?.shelf(for: Q.self) : nil, age)
        case .off: (shelf, longestAge) = (nil, .zero)
        }
    }

    /// A kept answer that is true now and knows what is demanded.
    func find(_ query: Q, _ context: QueryContext, at now: ContinuousClock.Instant) -> Answered<Q.Answer>? {
        // Who then asks is to be told that it was stale.
        guard let shelf,
            case .hit(let answered) = shelf.find(.init(query, context), after: context.after, at: now, forgetting: false)
        else { return nil }
        return answered
    }

    /// A kept answer, or what the handler reads. Of those who ask for the same at once, one reads.
    func answer(_ query: Q, _ context: QueryContext) async throws -> Answered<Q.Answer> {
        guard let shelf else { return try await read(query, context) }
        let key = QueryShelf<Q>.Key(query, context)
        var reason: CacheStatus.Reason?
        for _ in 0..<3 {
            switch shelf.find(key, after: context.after, at: .now, forgetting: true) {
            case .hit(var answered):
                // Somebody else read it for us.
                if let reason { answered.cache = .forwarded(reason) }
                return answered
            case .miss(let why): reason = reason ?? why
            }
            guard shelf.progress.marks(of: Q.reads) != nil else { break }
            // What is under way may not know what is demanded.
            guard context.after == nil else { break }
            switch shelf.board(key) {
            case .first(let flight): return try await lead(flight, query, context, key, reason)
            case .joins(let flight):
                switch await flight.landing(until: context.deadline ?? .now + Q.timeout) {
                case .answered, .gone: continue
                case .failed(let error): throw error
                case nil:
                    try Task.checkCancellation()
                    throw QueryTimedOut(Q.name)
                }
            }
        }
        return try await read(query, context, key, reason)
    }

    private func lead(
        _ flight: Flight, _ query: Q, _ context: QueryContext, _ key: QueryShelf<Q>.Key, _ reason: CacheStatus.Reason?
    ) async throws -> Answered<Q.Answer> {
        do {
            let answered = try await read(query, context, key, reason)
            shelf?.land(key, flight, .answered)
            return answered
        } catch {
            // What the rows said of one moment, or that we were cancelled, is not for others.
            let isCommon = error is Unavailable || error is QueryTimedOut || error is TooManyQueries || error is TooManyRows
            shelf?.land(key, flight, isCommon ? .failed(error) : .gone)
            throw error
        }
    }

    // MARK: Reading

    /// Reads, and keeps the answer if nothing that it depends on has changed by then.
    private func read(
        _ query: Q, _ context: QueryContext, _ key: QueryShelf<Q>.Key, _ reason: CacheStatus.Reason?
    ) async throws -> Answered<Q.Answer> {
        guard let shelf else { return try await read(query, context) }
        let before = shelf.progress.marks(of: Q.reads)
        let full = try await perform(query, context)
        var answered = try reveal(full, context)
        guard let marks = full.marks ?? (function.keepsDeadline ? nil : before) else { return answered }
        answered.cache = .forwarded(reason ?? .uriMiss)
        let dependencies = query.dependencies(of: full.value)
        answered.read = AnswerBasis(marks, of: Q.reads, dependencies, shelf.progress)
        guard let json = try? answered.json(),
            let kept = CachedAnswer(
                answered.value, json: json, at: marks, of: Q.reads, dependencies: dependencies,
                expires: .now + longestAge, shelf.progress)
        else { return answered }
        shelf.keep(kept, for: key)
        answered.kept = kept
        return answered
    }

    private func read(_ query: Q, _ context: QueryContext) async throws -> Answered<Q.Answer> {
        try reveal(try await perform(query, context), context)
    }

    private func perform(_ query: Q, _ context: QueryContext) async throws -> Answered<Q.Answer> {
        do {
            if function.keepsDeadline {
                var context = context
                context.turnstile = turnstile
                return try await function.read(query, context)
            }
            let deadline = context.deadline ?? .now + Q.timeout
            let answered = try await turnstile.pass(Q.self, until: deadline) {
                try await within(deadline) { [function] in try await function.read(query, context) }
            }
            guard let answered else { throw QueryTimedOut(Q.name) }
            return answered
        } catch let refusal as any Refusal where context.own != nil && refusal.kind == .rejected {
            // Whether it exists is not theirs to know.
            throw Forbidden(Q.permission)
        }
    }

    /// What the principal may see of it.
    private func reveal(_ answered: Answered<Q.Answer>, _ context: QueryContext) throws -> Answered<Q.Answer> {
        var answered = answered
        answered.cursors = cursors
        guard let own = context.own else { return answered }
        guard let value = Q.own(answered.value, of: own) else { throw Forbidden(Q.permission) }
        answered.value = value
        return answered
    }
}

/// Nil if it was not done by then. Its task is cancelled, and waited for.
private func within<T: Sendable>(
    _ deadline: ContinuousClock.Instant, _ body: @escaping @Sendable () async throws -> T
) async throws -> T? {
    try await withThrowingTaskGroup(of: T?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(until: deadline, clock: .continuous)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
