import Metrics
import Synchronization

/// Answers that are still true, bounded by number and by the size of their JSON. What was used last stays longest.
///
/// It holds answers only while it is told what changes; see ``ReadModelProgress``. One cache serves one bus.
public final class QueryCache: Sendable {
    package let progress: ReadModelProgress
    private let maximumEntries: Int
    private let maximumBytes: Int

    private let entries = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)
    // The young half: when it is full, the old half goes and it becomes the old one.
    private let youngEntries = Atomic<Int>(0)
    private let youngBytes = Atomic<Int>(0)
    private let shelves = Mutex<[any QueryShelving]>([])
    private let entriesGauge: Gauge
    private let bytesGauge: Gauge

    /// - Parameters:
    ///   - progress: of the database whose answers are kept.
    ///   - entries: how many answers are kept at most.
    ///   - bytes: of their JSON, together. The values take about as much again. An answer of more than an eighth of this is not kept.
    public init(_ progress: ReadModelProgress, entries: Int = 20_000, bytes: Int = 64 << 20) {
        self.progress = progress
        maximumEntries = max(2, entries)
        maximumBytes = max(16, bytes)
        entriesGauge = Gauge(label: "leftfold_query_cache_entries")
        bytesGauge = Gauge(label: "leftfold_query_cache_bytes")
    }

    /// How many answers are kept, and how large they are.
    package var size: (entries: Int, bytes: Int) { (entries.load(ordering: .relaxed), bytes.load(ordering: .relaxed)) }

    func shelf<Q: Query>(for query: Q.Type) -> QueryShelf<Q> {
        let shelf = QueryShelf<Q>(self)
        shelves.withLock { $0.append(shelf) }
        return shelf
    }

    func hasRoom(for bytes: Int) -> Bool { bytes <= maximumBytes / 8 }

    /// What a shelf has more or less than before.
    func count(_ change: ShelfChange) {
        entries.add(change.entries, ordering: .relaxed)
        bytes.add(change.bytes, ordering: .relaxed)
        youngEntries.add(change.youngEntries, ordering: .relaxed)
        youngBytes.add(change.youngBytes, ordering: .relaxed)
        progress.addDependents(change.entries)
    }

    /// Makes room if the young half is full.
    func makeRoom() {
        if isFull {
            shelves.withLock { shelves in
                guard isFull else { return }
                for shelf in shelves { shelf.age() }
            }
        }
        let size = size
        entriesGauge.record(size.entries)
        bytesGauge.record(size.bytes)
    }

    /// No answer is larger than an eighth, so the young half never becomes larger than a half.
    private var isFull: Bool {
        youngEntries.load(ordering: .relaxed) >= maximumEntries / 2 || youngBytes.load(ordering: .relaxed) > maximumBytes / 8 * 3
    }

    deinit { progress.addDependents(-entries.load(ordering: .relaxed)) }
}

/// What a shelf has more or less than before.
struct ShelfChange {
    var entries = 0, bytes = 0, youngEntries = 0, youngBytes = 0
}

protocol QueryShelving: Sendable {
    /// What was not used since the last time goes.
    func age()
}
