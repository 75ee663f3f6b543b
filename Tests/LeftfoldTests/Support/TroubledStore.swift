import Foundation
import Leftfold
import Synchronization

/// Answers the first appends as if another process had been faster, or throws; refusals pass.
final class TroubledStore: StoreOnTop {
    let base = InMemoryEventStore()
    private let troubles: Mutex<[Trouble]>
    private let reads = Mutex(0)

    enum Trouble: Sendable {
        case conflict
        case error(any Error & Sendable)
        /// The events are stored, and then the connection breaks.
        case errorAfterwards(any Error & Sendable)
    }

    init(_ troubles: [Trouble] = []) { self.troubles = Mutex(troubles) }

    /// How often a stream was read.
    var streamReads: Int { reads.withLock { $0 } }
    var troublesLeft: Int { troubles.withLock { $0.count } }
    func cause(_ more: Trouble...) { troubles.withLock { $0 += more } }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        guard let trouble = troubles.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return try await base.append(chain) }
        switch trouble {
        case .conflict:
            guard let stream = chain.first?.writes.first?.stream else { return try await base.append(chain) }
            let actual = try await base.read(stream).last?.version ?? .zero
            return [.wrongExpectedVersion(stream, actual: actual.advanced(by: 1))] + chain.dropFirst().map { _ in .predecessorNotAppended }
        case .error(let error): throw error
        case .errorAfterwards(let error):
            _ = try await base.append(chain)
            throw error
        }
    }

    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        reads.withLock { $0 += 1 }
        return try await base.read(stream, after: version, limit: limit)
    }
}
