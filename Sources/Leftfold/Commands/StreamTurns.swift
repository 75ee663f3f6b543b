import Synchronization

/// Commands of this process for the same stream take turns, first come first served, so that a busy stream does not
/// conflict with itself. It spares retries; correctness rests on the expected version.
final class StreamTurns: Sendable {
    /// A stream is a key while somebody has its turn; the queue holds those who wait.
    private let queues = Mutex<[StreamName: Queue]>([:])

    private struct Queue {
        var waiting: [CheckedContinuation<Void, Never>] = []
        var next = 0
    }

    func take<T: Sendable>(_ stream: StreamName, _ body: () async throws -> T) async rethrows -> T {
        await wait(for: stream)
        defer { pass(stream) }
        return try await body()
    }

    private func wait(for stream: StreamName) async {
        let free = queues.withLock { queues in
            if queues[stream] != nil { return false }
            queues[stream] = Queue()
            return true
        }
        if free { return }
        await withCheckedContinuation { continuation in
            let freeByNow = queues.withLock { queues in
                guard queues[stream] != nil else {
                    queues[stream] = Queue()
                    return true
                }
                queues[stream]?.waiting.append(continuation)
                return false
            }
            if freeByNow { continuation.resume() }
        }
    }

    private func pass(_ stream: StreamName) {
        let heir: CheckedContinuation<Void, Never>? = queues.withLock { queues in
            guard var queue = queues[stream], queue.next < queue.waiting.count else {
                queues[stream] = nil
                return nil
            }
            let heir = queue.waiting[queue.next]
            queue.next += 1
            if queue.next > 64, queue.next * 2 > queue.waiting.count {
                queue.waiting.removeFirst(queue.next)
                queue.next = 0
            }
            queues[stream] = queue
            return heir
        }
        heir?.resume()
    }
}
