import Foundation
import Leftfold
import Synchronization

/// Holds every append until the gate is open, and remembers how many came together.
final class SlowStore: StoreOnTop {
    let base = InMemoryEventStore()
    private let state = Mutex(State())

    private struct State {
        var isOpen = true
        var held: [CheckedContinuation<Void, Never>] = []
        var chains: [Int] = []
        var losesNextChain = false
        var unstorable: Set<UUID> = []
    }

    struct Unstorable: Error {}

    /// The lengths of what was appended together, in order.
    var chains: [Int] { state.withLock { $0.chains } }
    var holds: Int { state.withLock { $0.held.count } }

    func close() { state.withLock { $0.isOpen = false } }
    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for one in held { one.resume() }
    }
    /// The next append of several is stored and its answer lost.
    func loseNextChain() { state.withLock { $0.losesNextChain = true } }
    func refuseToStore(_ id: UUID) { state.withLock { _ = $0.unstorable.insert(id) } }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if !state.isOpen { state.held.append(continuation) }
                return state.isOpen
            }
            if goesOn { continuation.resume() }
        }
        let isLost = try state.withLock { state in
            if let first = chain.first, state.unstorable.contains(first.command.context.commandID) { throw Unstorable() }
            state.chains.append(chain.count)
            guard chain.count > 1, state.losesNextChain else { return false }
            state.losesNextChain = false
            return true
        }
        let unstorable = state.withLock(\.unstorable)
        let storable = chain.prefix { !unstorable.contains($0.command.context.commandID) }
        let answers = try await base.append(Array(storable)) + chain.dropFirst(storable.count).map { _ in .predecessorNotAppended }
        if isLost { throw OutcomeUnknown(chain[0].command.context.commandID) }
        return answers
    }
}
