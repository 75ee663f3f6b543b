import Leftfold

/// Reads the log in pages, and the next page while one is worked on. A hole in the log stops it (I4).
struct LogReader: Sendable {
    let store: PostgresEventStore
    /// Events in one page at most.
    let pageSize: Int

    /// Hands over what comes after the position, page by page, up to the head as it was at the last look.
    func read(after position: GlobalPosition, _ body: (ArraySlice<RecordedEvent>) async throws -> Void) async throws {
        var page = try await store.read(after: position, limit: pageSize)
        while page.count == pageSize, let last = page.last {
            async let following = store.read(after: last.position, limit: pageSize)
            try await body(page[...])
            page = try await following
        }
        if !page.isEmpty { try await body(page[...]) }
    }
}
