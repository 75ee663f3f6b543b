import Synchronization

/// What was used last, bounded. Two halves stand in for a list of uses: what is used moves to the young half; when that is
/// full, the old half goes. So what was used last is never among what goes.
package final class RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Halves: Sendable {
        var young: [Key: Value] = [:]
        var old: [Key: Value] = [:]
    }

    private let capacityOfHalf: Int
    private let halves = Mutex(Halves())

    /// - Parameter capacity: how many are kept at most; with less than two, none.
    package init(capacity: Int) { capacityOfHalf = capacity / 2 }

    package var isOn: Bool { capacityOfHalf > 0 }

    package func find(_ key: Key) -> Value? {
        halves.withLock { halves in
            if let value = halves.young[key] { return value }
            guard let value = halves.old[key] else { return nil }
            keep(value, key, &halves)
            return value
        }
    }

    /// - Parameter isBetter: what is known stays if this says so.
    package func keep(_ value: Value, for key: Key, unless isBetter: (_ known: Value) -> Bool = { _ in false }) {
        guard isOn else { return }
        halves.withLock { halves in
            if let known = halves.young[key] ?? halves.old[key], isBetter(known) { return }
            keep(value, key, &halves)
        }
    }

    package func forget(_ key: Key) {
        halves.withLock { halves in
            halves.young[key] = nil
            halves.old[key] = nil
        }
    }

    private func keep(_ value: Value, _ key: Key, _ halves: inout Halves) {
        halves.old[key] = nil
        halves.young[key] = value
        if halves.young.count >= capacityOfHalf { halves = Halves(young: [:], old: halves.young) }
    }
}
