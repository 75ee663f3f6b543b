import Synchronization

/// The kept answers to one type of query.
final class QueryShelf<Q: Query>: QueryShelving {
    /// Whose answer to what: the query, the tenant, and the principal where the answer is only what is theirs.
    struct Key: Hashable, Sendable {
        let query: Q
        let tenant: String?
        let own: Principal?
        /// So that the query is hashed once.
        private let digest: Int

        init(_ query: Q, _ context: QueryContext) {
            self.query = query
            tenant = context.principal.tenant
            own = context.own
            var hasher = Hasher()
            hasher.combine(query)
            hasher.combine(tenant)
            hasher.combine(own)
            digest = hasher.finalize()
        }

        func hash(into hasher: inout Hasher) { hasher.combine(digest) }

        var shard: Int { digest & (QueryShelf.shardCount - 1) }
    }

    enum Found {
        case hit(Answered<Q.Answer>)
        case miss(CacheStatus.Reason)
    }

    private struct Halves: Sendable {
        var young: [Key: CachedAnswer<Q.Answer>] = [:]
        var old: [Key: CachedAnswer<Q.Answer>] = [:]
        var youngBytes = 0
        var oldBytes = 0
        var flights: [Key: Flight] = [:]
    }

    private final class Shard: Sendable {
        let halves = Mutex(Halves())
    }

    private static var shardCount: Int { 16 }
    private let shards = (0..<shardCount).map { _ in Shard() }
    private let cache: QueryCache

    var progress: ReadModelProgress { cache.progress }

    init(_ cache: QueryCache) { self.cache = cache }

    // MARK: Answers

    /// The kept answer, if it is true now and knows all up to the position.
    ///
    /// - Parameter forgetting: one that is not true any more goes.
    func find(_ key: Key, after wanted: GlobalPosition?, at now: ContinuousClock.Instant, forgetting: Bool) -> Found {
        guard let answer = lookUp(key) else { return .miss(.uriMiss) }
        guard let position = answer.position(at: now) else {
            if forgetting { forget(key, answer) }
            return .miss(.stale)
        }
        if let wanted, position < wanted { return .miss(.request) }
        var answered = Answered(answer.value, at: position)
        answered.kept = answer
        answered.cache = .hit
        return .hit(answered)
    }

    private func lookUp(_ key: Key) -> CachedAnswer<Q.Answer>? {
        let (answer, change): (CachedAnswer<Q.Answer>?, ShelfChange?) = shards[key.shard].halves.withLock { halves in
            if let answer = halves.young[key] { return (answer, nil) }
            guard let answer = halves.old.removeValue(forKey: key) else { return (nil, nil) }
            let size = answer.json.count
            halves.young[key] = answer
            halves.oldBytes -= size
            halves.youngBytes += size
            return (answer, ShelfChange(youngEntries: 1, youngBytes: size))
        }
        if let change {
            cache.count(change)
            cache.makeRoom()
        }
        return answer
    }

    func keep(_ answer: CachedAnswer<Q.Answer>, for key: Key) {
        let size = answer.json.count
        guard cache.hasRoom(for: size) else { return }
        let change = shards[key.shard].halves.withLock { halves in
            var change = Self.remove(key, &halves)
            halves.young[key] = answer
            halves.youngBytes += size
            change.entries += 1
            change.bytes += size
            change.youngEntries += 1
            change.youngBytes += size
            return change
        }
        cache.count(change)
        cache.makeRoom()
    }

    /// Unless another one is there by now.
    private func forget(_ key: Key, _ answer: CachedAnswer<Q.Answer>) {
        let change: ShelfChange = shards[key.shard].halves.withLock { halves in
            guard (halves.young[key] ?? halves.old[key]) === answer else { return ShelfChange() }
            return Self.remove(key, &halves)
        }
        cache.count(change)
    }

    private static func remove(_ key: Key, _ halves: inout Halves) -> ShelfChange {
        if let answer = halves.young.removeValue(forKey: key) {
            let size = answer.json.count
            halves.youngBytes -= size
            return ShelfChange(entries: -1, bytes: -size, youngEntries: -1, youngBytes: -size)
        }
        if let answer = halves.old.removeValue(forKey: key) {
            halves.oldBytes -= answer.json.count
            return ShelfChange(entries: -1, bytes: -answer.json.count)
        }
        return ShelfChange()
    }

    func age() {
        for shard in shards {
            let change = shard.halves.withLock { halves in
                let change = ShelfChange(
                    entries: -halves.old.count, bytes: -halves.oldBytes, youngEntries: -halves.young.count, youngBytes: -halves.youngBytes)
                (halves.old, halves.oldBytes) = (halves.young, halves.youngBytes)
                (halves.young, halves.youngBytes) = ([:], 0)
                return change
            }
            cache.count(change)
        }
    }

    // MARK: Flights

    enum Boarding {
        /// Read it, and say how it ended with ``land(_:_:_:)``, whatever happens.
        case first(Flight)
        /// Somebody reads it already.
        case joins(Flight)
    }

    func board(_ key: Key) -> Boarding {
        shards[key.shard].halves.withLock { halves in
            if let flight = halves.flights[key] { return .joins(flight) }
            let flight = Flight()
            halves.flights[key] = flight
            return .first(flight)
        }
    }

    func land(_ key: Key, _ flight: Flight, _ landing: Flight.Landing) {
        shards[key.shard].halves.withLock { halves in
            if halves.flights[key] === flight { halves.flights[key] = nil }
        }
        flight.land(landing)
    }
}
