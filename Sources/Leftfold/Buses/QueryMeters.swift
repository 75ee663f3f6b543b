import Metrics
import Synchronization

/// What is measured of one query: `leftfold_queries` (seconds, by outcome), `leftfold_query_cache_hits` and
/// `leftfold_query_cache_misses` (by reason).
final class QueryMeters: Sendable {
    private struct Usual: Sendable {
        let accepted: Timer
        let hits: Counter
        let misses: [CacheStatus.Reason: Counter]
    }

    private let query: String
    private let outcomes: TimerCache<String>
    /// Made when first needed: the metrics may be set up after the bus. Found without a dictionary.
    private let usual = Mutex<Usual?>(nil)

    init(_ query: String) {
        self.query = query
        outcomes = TimerCache { Self.timer(query, $0) }
    }

    func answered(since start: ContinuousClock.Instant, _ status: CacheStatus) {
        let usual = usual.withLock { usual in
            if let usual { return usual }
            let made = Usual(
                accepted: Self.timer(query, "accepted"), hits: Counter(label: "leftfold_query_cache_hits", dimensions: [("query", query)]),
                misses: Dictionary(
                    uniqueKeysWithValues: CacheStatus.Reason.allCases.map { reason in
                        (
                            reason,
                            Counter(
                                label: "leftfold_query_cache_misses", dimensions: [("query", query), ("reason", reason.rawValue)])
                        )
                    }))
            usual = made
            return made
        }
        usual.accepted.record(duration: ContinuousClock.now - start)
        switch status {
        case .hit: usual.hits.increment()
        case .forwarded(let reason): usual.misses[reason]?.increment()
        }
    }

    func failed(since start: ContinuousClock.Instant, _ error: any Error) {
        outcomes.record(ContinuousClock.now - start, for: MetricsMiddleware.outcome(of: error))
    }

    private static func timer(_ query: String, _ outcome: String) -> Timer {
        Timer(label: "leftfold_queries", dimensions: [("query", query), ("outcome", outcome)])
    }
}
