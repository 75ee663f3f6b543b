import Leftfold
import Metrics
import Synchronization

/// Bounds how many event streams are open: of this process, and of each principal. An open one costs a connection and a little memory.
final class EventStreamPlaces: Sendable {
    /// Given back when nobody holds it any more.
    final class Place: Sendable {
        private let places: EventStreamPlaces
        private let owner: RequestLedger.Account

        fileprivate init(_ places: EventStreamPlaces, _ owner: RequestLedger.Account) { (self.places, self.owner) = (places, owner) }

        deinit { places.leave(owner) }
    }

    private struct Taken: Sendable {
        var all = 0
        var each: [RequestLedger.Account: Int] = [:]
    }

    private let limit: Int
    private let limitOfEach: Int
    private let taken = Mutex(Taken())
    private let gauge = Metrics.Gauge(label: "leftfold_event_streams")

    init(limit: Int, limitOfEach: Int) { (self.limit, self.limitOfEach) = (limit, limitOfEach) }

    func take(for principal: Principal) throws -> Place {
        let owner = RequestLedger.Account(principal)
        let refusal: (any Refusal)? = taken.withLock { taken in
            if taken.each[owner, default: 0] >= limitOfEach { return RequestRefusal.tooManyStreams(limit: limitOfEach) }
            if taken.all >= limit { return Overloaded("So many event streams are open that this one has no place. Try again in a moment.") }
            taken.all += 1
            taken.each[owner, default: 0] += 1
            gauge.record(taken.all)
            return nil
        }
        if let refusal { throw refusal }
        return Place(self, owner)
    }

    private func leave(_ owner: RequestLedger.Account) {
        taken.withLock { taken in
            taken.all -= 1
            if let count = taken.each[owner] { taken.each[owner] = count > 1 ? count - 1 : nil }
            gauge.record(taken.all)
        }
    }
}
