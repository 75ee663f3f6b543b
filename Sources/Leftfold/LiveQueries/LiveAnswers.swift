/// A question that stays asked: the answer, then each answer that differs from the one before.
///
/// - The first element is the answer as ``QueryBus/ask(_:_:)`` gives it, with what `context.after` demands.
/// - Each further one differs as JSON, and its position is never before that of an earlier one. Answers that were replaced before they
///   were asked for are left out: a slow reader gets fewer, always ends at the newest, and nothing is kept for it meanwhile.
/// - Nothing is lost: where it cannot be known what changed, or nobody says so (an announcement got lost, the query has no cache, it is
///   answered from a replica), it looks each second.
/// - It ends by throwing what the question would be refused with now, such as `NotFound`. What passes (no database, too many
///   questions) does not end it, unless it is the first. If for half a minute all that can be read is older than what was told (the
///   database was restored), it throws ``NotYetVisible``.
///
/// Everybody who asks the same shares one read, where the answers are kept. Iterate once; drop the iterator or cancel the task to stop.
public struct LiveAnswers<Q: Query>: AsyncSequence, Sendable {
    public typealias Element = Answered<Q.Answer>
    public typealias Failure = any Error

    let bus: QueryBus
    let query: Q
    let context: QueryContext
    var pace = LivePace()
    /// The last answer of an earlier iteration, which this one goes on from.
    var resumption: LiveResumption?

    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private let live: LiveAnswers
        private var last: Last?
        private var backoff = Duration.zero
        /// How soon to look again at what was old already when it was read, as from a replica that is behind.
        private var lag = Duration.zero
        /// Since when all that was read is older than what was told.
        private var behindSince: ContinuousClock.Instant?

        private struct Last: Sendable {
            var basis: AnswerBasis?
            /// Whether it is this one.
            var isSame: @Sendable ([UInt8]) -> Bool
            var position: GlobalPosition
            /// Nil: not since the resumption.
            var asked: ContinuousClock.Instant?
        }

        init(_ live: LiveAnswers) {
            self.live = live
            last = live.resumption.map { Last(basis: nil, isSame: $0.isSame, position: $0.position) }
        }

        /// Throws `CancellationError` when the task is cancelled.
        public mutating func next() async throws -> Answered<Q.Answer>? {
            while true {
                if let answered = try await next(within: nil) { return answered }
            }
        }

        /// Nil if nothing else was there to say within this time.
        package mutating func next(within limit: Duration?) async throws -> Answered<Q.Answer>? {
            let end = limit.map { ContinuousClock.now + $0 }
            while true {
                try Task.checkCancellation()
                if let last, let asked = last.asked {
                    guard try await live.pace.wait(for: last.basis, since: asked, backoff, lag: lag, until: end) else { return nil }
                }
                if let answered = try await ask() { return answered }
            }
        }

        /// Nil if it is the same as before, or could not be read now.
        private mutating func ask() async throws -> Answered<Q.Answer>? {
            var context = live.context
            let asked = ContinuousClock.now
            // What was demanded at first is known by now. Demanding again what was told would wait for a replica that is behind another.
            if last?.asked != nil { context.after = nil }
            let answered: Answered<Q.Answer>
            let json: [UInt8]
            do {
                answered = try await live.bus.ask(live.query, context)
                json = try answered.json()
            } catch  where last != nil && Self.passes(error) {
                backoff = Swift.min(Swift.max(backoff * 2, .milliseconds(100)), .seconds(5))
                last?.asked = asked
                last?.basis = nil
                return nil
            }
            backoff = .zero
            let basis = answered.basis.flatMap { $0.isFresh ? $0 : nil }
            lag = answered.basis == nil || basis != nil ? .zero : Swift.min(Swift.max(lag * 2, live.pace.shortest), live.pace.poll)
            guard let last else {
                self.last = Last(basis: basis, isSame: { $0 == json }, position: answered.position, asked: asked)
                return answered
            }
            let isOlder = answered.position < last.position
            behindSince = isOlder ? behindSince ?? asked : nil
            if let behindSince, asked - behindSince > live.pace.tolerance {
                throw NotYetVisible(wanted: last.position, reached: answered.position)
            }
            guard !isOlder, !last.isSame(json) else {
                self.last?.asked = asked
                // Of what is older than what was told nothing is awaited: it is looked at again soon.
                self.last?.basis = isOlder ? nil : basis
                if !isOlder { self.last?.position = answered.position }
                return nil
            }
            self.last = Last(basis: basis, isSame: { $0 == json }, position: answered.position, asked: asked)
            return answered
        }

        private static func passes(_ error: any Error) -> Bool {
            error is Unavailable || error is QueryTimedOut || error is TooManyQueries || error is NotYetVisible
        }
    }
}

extension QueryBus {
    /// The answer to a query, and each later one; see ``LiveAnswers``. Every one of them is asked for like any other: authorized,
    /// validated and measured.
    public func watch<Q: Query>(_ query: Q, _ context: QueryContext) -> LiveAnswers<Q> { watch(query, context, since: nil) }

    package func watch<Q: Query>(_ query: Q, _ context: QueryContext, since resumption: LiveResumption?) -> LiveAnswers<Q> {
        var live = LiveAnswers(bus: self, query: query, context: context)
        // What does not trust its dependencies for longer is looked at as often.
        if case .on(let age) = Q.caching { live.pace.longest = min(live.pace.longest, age) }
        live.resumption = resumption
        return live
    }
}

/// The last answer that somebody got who comes back: nothing older is told, nor the same again, and what passes does not end it.
package struct LiveResumption: Sendable {
    package let position: GlobalPosition
    let isSame: @Sendable (_ json: [UInt8]) -> Bool

    package init(_ position: GlobalPosition, isSame: @escaping @Sendable (_ json: [UInt8]) -> Bool) {
        (self.position, self.isSame) = (position, isSame)
    }
}
