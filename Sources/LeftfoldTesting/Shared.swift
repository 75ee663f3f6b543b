import Synchronization

/// A value that several tasks of a test hold on to.
package final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    package init(_ value: Value) { mutex = Mutex(value) }

    package var value: Value { mutex.withLock { $0 } }

    package func withLock<T: Sendable>(_ body: (inout sending Value) throws -> T) rethrows -> T { try mutex.withLock { try body(&$0) } }
}
