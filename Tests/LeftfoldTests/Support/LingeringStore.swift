import Leftfold

/// Takes its time over each append, so that others come meanwhile.
struct LingeringStore: StoreOnTop {
    let base = InMemoryEventStore()

    func append(_ request: AppendRequest) async throws -> AppendResult {
        await linger()
        return try await base.append(request)
    }

    func append(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        await linger()
        return try await base.append(chain)
    }

    private func linger() async { for _ in 0..<20 { await Task.yield() } }
}
