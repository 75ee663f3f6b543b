import Leftfold
import LeftfoldDriver

/// Reads the log in pages, and reads and prepares the next page while one is worked on. A hole in the log stops it (I4).
///
/// Of a page come the events that are wanted, and its last event, wanted or not: so far was looked.
struct LogReader: Sendable {
    let store: PostgresEventStore
    /// How many events are looked at for one page at most.
    let pace: BatchPace
    let sources: EventSources
    /// Of the data of a page's events, unless a single one has more. Two pages are in memory at a time.
    var pageBytes = 4 << 20
    /// What others of this process read, too.
    var shared: SharedPages?

    /// Hands over what comes after the position, page by page, up to the head as it was at the last look, or to an earlier position.
    func read(
        after position: GlobalPosition, upTo end: GlobalPosition? = nil, _ body: (ArraySlice<RecordedEvent>) async throws -> Void
    ) async throws {
        try await read(after: position, upTo: end, as: { $0 }, body)
    }

    /// Hands over what is made of each page.
    ///
    /// - Parameter prepare: called beside the body for the page before.
    func read<Batch: Sendable>(
        after position: GlobalPosition, upTo end: GlobalPosition? = nil,
        as prepare: @escaping @Sendable (ArraySlice<RecordedEvent>) -> Batch, _ body: (Batch) async throws -> Void
    ) async throws {
        if let end, end <= position { return }
        var (page, batch) = try await prepared(after: position, upTo: end, prepare)
        while let last = page.events.last, last.position < min(page.head, end ?? page.head) {
            async let following = prepared(after: last.position, upTo: end, prepare)
            try await body(batch)
            (page, batch) = try await following
        }
        if !page.events.isEmpty { try await body(batch) }
    }

    private func prepared<Batch: Sendable>(
        after position: GlobalPosition, upTo end: GlobalPosition?, _ prepare: @Sendable (ArraySlice<RecordedEvent>) -> Batch
    ) async throws -> (LogPage, Batch) {
        let page = try await page(after: position, upTo: end)
        return (page, prepare(page.events[...]))
    }

    /// One page that ends at this position at the latest.
    func page(after position: GlobalPosition, upTo end: GlobalPosition? = nil) async throws -> LogPage {
        guard let shared, end == nil else { return try await page(after: position, upTo: end, sources) }
        return try await shared.page(after: position, count: pace.size, for: sources) { try await page(after: position, upTo: nil, $0) }
    }

    private func page(after position: GlobalPosition, upTo end: GlobalPosition?, _ sources: EventSources) async throws -> LogPage {
        let rows: Rows
        do {
            rows = try await store.pool.execute(statement(after: position, upTo: end, sources, in: store.log))
        } catch {
            guard error.isOverdue else { throw error.asUnavailable }
            // Over a slow link: whoever comes back asks for less.
            pace.slowDown()
            throw error
        }
        return try LogPage(rows, after: position)
    }

    /// Its rows are a ``LogPage``.
    func statement(after position: GlobalPosition, upTo end: GlobalPosition? = nil, in log: LogName) -> SQL {
        statement(after: position, upTo: end, sources, in: log)
    }

    private func statement(after position: GlobalPosition, upTo end: GlobalPosition?, _ sources: EventSources, in log: LogName) -> SQL {
        let size = Int64(pace.size)
        return LogPage.statement(
            after: position, count: end.map { min(size, $0.rawValue - position.rawValue) } ?? size, bytes: pageBytes, sources, in: log)
    }
}
