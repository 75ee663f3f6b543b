import Foundation
import Testing

@testable import Leftfold

@Suite("The cache of aggregates")
struct AggregateCacheTests {
    private func keep(_ version: StreamVersion, _ stream: StreamName, in cache: AggregateCache) {
        cache.keep(Account(), version, for: stream, in: .first)
    }

    @Test("holds no more than its capacity, and what was used last", arguments: [2, 3, 10, 11, 100])
    func bounded(capacity: Int) {
        let cache = AggregateCache(capacity: capacity)
        let streams = (0..<1_000).map { _ in stream(of: UUID()) }
        for stream in streams {
            keep(1, stream, in: cache)
            if capacity > 3 { #expect(cache.find(Account.self, stream, in: .first)?.version == 1) }
        }
        // The newest first: what is found is used, and others go for it.
        let kept = streams.reversed().filter { cache.find(Account.self, $0, in: .first) != nil }
        #expect((capacity / 2...capacity).contains(kept.count))
        #expect(kept.prefix(capacity / 2) == streams.reversed().prefix(capacity / 2))
    }

    @Test("holds what is used again and again")
    func recentlyUsed() {
        let cache = AggregateCache(capacity: 10)
        let favourite = stream(of: UUID())
        for _ in 0..<1_000 {
            keep(1, favourite, in: cache)
            keep(1, stream(of: UUID()), in: cache)
            #expect(cache.find(Account.self, favourite, in: .first) != nil)
        }
    }

    @Test("is off with capacity 0")
    func off() {
        let cache = AggregateCache(capacity: 0)
        let stream = stream(of: UUID())
        keep(1, stream, in: cache)
        #expect(cache.find(Account.self, stream, in: .first) == nil)
    }

    @Test("never goes back to an older version, not even after many others")
    func newest() {
        let cache = AggregateCache(capacity: 8)
        let stream = stream(of: UUID())
        keep(5, stream, in: cache)
        for _ in 0..<3 { keep(1, LeftfoldTests.stream(of: UUID()), in: cache) }
        keep(4, stream, in: cache)
        #expect(cache.find(Account.self, stream, in: .first)?.version == 5)
        keep(6, stream, in: cache)
        #expect(cache.find(Account.self, stream, in: .first)?.version == 6)
    }

    @Test("forgets in both halves")
    func forget() {
        let cache = AggregateCache(capacity: 4)
        let stream = stream(of: UUID())
        keep(1, stream, in: cache)
        keep(1, LeftfoldTests.stream(of: UUID()), in: cache)
        keep(2, stream, in: cache)
        cache.forget(stream)
        #expect(cache.find(Account.self, stream, in: .first) == nil)
    }
}
