public import Leftfold

/// What every `EventStore` keeps to, as named checks. `InMemoryEventStore` defines it; a store of your own passes it:
/// ```swift
/// @Test(arguments: EventStoreContract.all)
/// func keepsTheContract(_ check: EventStoreContract.Check) async throws { try await check.run(on: store) }
/// ```
/// A check wants a store that nobody else writes to meanwhile. It need not be empty: each check uses streams, ids and
/// claims of its own and counts positions from the head it finds.
public enum EventStoreContract {
    public static let all: [Check] =
        appending + commandIDs + claims + journal + bytes + tags + severalStreams + conditions + progress + concurrency + chains

    /// One promise of the contract.
    public struct Check: Sendable, CustomStringConvertible {
        public let description: String
        private let body: @Sendable (any EventStore) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (any EventStore) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Throws ``ContractBroken`` if the store breaks this promise, and whatever the store throws.
        public func run(on store: any EventStore) async throws { try await body(store) }
    }
}

/// The store did something else than the contract says.
public struct ContractBroken: Error, CustomStringConvertible {
    /// What was expected, what came instead, and the line of the check.
    public let description: String
}

func expect<T: Equatable>(
    _ actual: T, _ expected: T, _ what: @autoclosure () -> String = "", file: String = #fileID, line: Int = #line
) throws(ContractBroken) {
    if actual == expected { return }
    let subject = what().isEmpty ? "" : "\(what()): "
    throw ContractBroken(description: "\(subject)expected \(brief(expected)), got \(brief(actual)) (\(file):\(line))")
}

func unwrap<T>(_ value: T?, _ what: String, file: String = #fileID, line: Int = #line) throws(ContractBroken) -> T {
    guard let value else { throw ContractBroken(description: "there is no \(what) (\(file):\(line))") }
    return value
}

private func brief(_ value: some Any) -> String {
    let text = "\(value)"
    return text.utf8.count > 1_000 ? "\(text.prefix(1_000))… (\(text.utf8.count) bytes)" : text
}
