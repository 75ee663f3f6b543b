/// Who waits for something to be touched, found by what was touched: a thousand who wait for a thousand things cost one lookup each time.
struct TouchWaiters: Sendable {
    typealias Number = UInt64

    private struct Waiter {
        let dependencies: Dependencies
        let continuation: CheckedContinuation<Void, Never>
    }

    private var waiters: [Number: Waiter] = [:]
    private var byDependency: [Dependency: Set<Number>] = [:]
    /// Those to whom everything matters.
    private var ofEverything: Set<Number> = []
    /// Those who are to be woken when the lock is let go.
    private var due: [CheckedContinuation<Void, Never>] = []

    mutating func add(_ number: Number, _ dependencies: Dependencies, _ continuation: CheckedContinuation<Void, Never>) {
        waiters[number] = Waiter(dependencies: dependencies, continuation: continuation)
        switch dependencies {
        case .everything: ofEverything.insert(number)
        case .only(let set): for dependency in set { byDependency[dependency, default: []].insert(number) }
        }
    }

    mutating func remove(_ number: Number) -> CheckedContinuation<Void, Never>? {
        guard let waiter = waiters.removeValue(forKey: number) else { return nil }
        switch waiter.dependencies {
        case .everything: ofEverything.remove(number)
        case .only(let set):
            for dependency in set {
                byDependency[dependency]?.remove(number)
                if byDependency[dependency]?.isEmpty == true { byDependency[dependency] = nil }
            }
        }
        return waiter.continuation
    }

    /// These were touched.
    mutating func touch(_ dependencies: Dependencies) {
        guard !waiters.isEmpty else { return }
        switch dependencies {
        case .everything: touchAll()
        case .only(let set):
            guard !set.isEmpty else { return }
            var numbers = ofEverything
            for dependency in set { if let more = byDependency[dependency] { numbers.formUnion(more) } }
            for number in numbers { if let continuation = remove(number) { due.append(continuation) } }
        }
    }

    /// Anything may have been touched.
    mutating func touchAll() {
        due.append(contentsOf: waiters.values.map(\.continuation))
        (waiters, byDependency, ofEverything) = ([:], [:], [])
    }

    /// To be woken now, and once.
    mutating func takeDue() -> [CheckedContinuation<Void, Never>] {
        guard !due.isEmpty else { return [] }
        defer { due = [] }
        return due
    }

    var count: Int { waiters.count }
}
