import HTTPTypes
import HummingbirdCore
import Leftfold
import NIOCore
import Synchronization

/// Bodies above a size come in turn: so many are read at once, which bounds the memory, and few of those are worked on at once, so that
/// small requests always find a processor.
final class LargeBodies: Sendable {
    let threshold: Int
    private let patience: Duration
    private let reading: Turnstile
    private let working: Turnstile

    /// - Parameter patience: how long one waits for its turn.
    init(above threshold: Int, reading: Int, working: Int, patience: Duration) {
        (self.threshold, self.patience) = (threshold, patience)
        (self.reading, self.working) = (Turnstile(reading), Turnstile(working))
    }

    /// One request with a body.
    final class Visit: Sendable {
        private enum Place { case outside, reading, working, worked }

        private let bodies: LargeBodies
        private let place = Mutex(Place.outside)

        init(_ bodies: LargeBodies) { self.bodies = bodies }

        func read() async throws {
            guard place.withLock({ $0 == .outside }) else { return }
            try await bodies.enter(bodies.reading)
            place.withLock { $0 = .reading }
        }

        /// The body is read, and what is large waits for its turn to be worked on.
        func work() async throws {
            guard place.withLock({ $0 == .reading }) else { return }
            try await bodies.enter(bodies.working)
            place.withLock { $0 = .working }
            Work.current?.begin(self)
        }

        fileprivate func worked() {
            let wasWorking = place.withLock { place in
                guard place == .working else { return false }
                place = .worked
                return true
            }
            if wasWorking { bodies.working.leave() }
        }

        func leave() {
            let last = place.withLock { place in
                defer { place = .outside }
                return place
            }
            if last == .working { bodies.working.leave() }
            if last != .outside { bodies.reading.leave() }
        }
    }

    /// What the task does with the body of its request.
    final class Work: Sendable {
        @TaskLocal static var current: Work?

        private let visit = Mutex<Visit?>(nil)

        fileprivate func begin(_ visit: Visit) { self.visit.withLock { $0 = visit } }

        /// What the body says is taken apart. What follows waits for others rather than for a processor, maybe for long: the next has its turn.
        func done() { visit.withLock { $0 }?.worked() }
    }

    /// Whether the body is longer than that, or may be: its length is not told.
    static func mayBeLarge(_ headers: HTTPFields, _ threshold: Int) -> Bool {
        headers[.transferEncoding] != nil || (headers[.contentLength].flatMap { Int($0) } ?? 0) > threshold
    }

    private func enter(_ turnstile: Turnstile) async throws {
        guard await turnstile.enter(until: .now + patience) else {
            try Task.checkCancellation()
            throw Overloaded("So many large bodies are under way that this one had no turn. Try again in a moment.")
        }
    }
}

/// The body of a request: tells the connection when it begins to be read, which is when a client that waits for 100 is to go on, and waits
/// for its turn if it is large.
struct AttendedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let visit: LargeBodies.Visit
    private let base: RequestBody
    private let channel: any Channel
    private let isAwaited: Bool
    private let isLarge: Bool
    private let threshold: Int

    /// Nil for a small body, or none: most requests.
    init?(_ request: Request, _ bodies: LargeBodies, _ channel: any Channel) {
        let headers = request.headers
        isAwaited = headers[.expect] != nil
        let length = headers[.contentLength].flatMap { Int($0) }
        isLarge = length.map { $0 > bodies.threshold } ?? false
        guard isAwaited || isLarge || headers[.transferEncoding] != nil else { return nil }
        threshold = bodies.threshold
        visit = LargeBodies.Visit(bodies)
        (base, self.channel) = (request.body, channel)
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self, base: base.makeAsyncIterator()) }

    struct AsyncIterator: AsyncIteratorProtocol {
        let body: AttendedBody
        var base: RequestBody.AsyncIterator
        var received = 0
        var hasBegun = false

        @concurrent mutating func next() async throws -> ByteBuffer? {
            if !hasBegun {
                hasBegun = true
                if body.isLarge { try await body.visit.read() }
                if body.isAwaited { body.channel.triggerUserOutboundEvent(ConnectionGuard.BodyIsRead(), promise: nil) }
            }
            guard let part = try await base.next() else {
                try await body.visit.work()
                return nil
            }
            received += part.readableBytes
            if received > body.threshold { try await body.visit.read() }
            return part
        }
    }
}
