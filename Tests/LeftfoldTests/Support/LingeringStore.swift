import Leftfold

/// Takes its time over each append, so that others come meanwhile.
struct LingeringStore: StoreOnTop {
    let base = InMemoryEventStore()

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        for _ in 0..<20 { await Task.yield() }
        return try await base.append(chain)
    }
}
