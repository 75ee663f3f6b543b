import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes lines to a file without ever keeping the caller waiting.
///
/// The lines wait in a queue of bounded size for a thread of their own. Where nobody reads at the other end (a full pipe, a
/// terminal that is held), lines are dropped once the queue is full, and the next line that is written says how many. Where the
/// other end is gone, they are dropped without a word.
public final class LogOutput: Sendable {
    /// What every log and every message of the program goes through, so that no line tears another.
    public static let standardError = LogOutput(descriptor: 2)

    private struct State {
        var waiting: [[UInt8]] = []
        var bytes = 0
        var dropped = 0
        var isWriting = false
    }

    private let descriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())
    /// Blocks where nobody reads; nothing else runs on it.
    private let queue = DispatchQueue(label: "leftfold.log")

    /// - Parameter capacity: bytes that wait at most.
    init(descriptor: Int32, capacity: Int = 1 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// Takes one line, or a few that belong together, with the line end.
    public func write(_ line: [UInt8]) {
        let begins = state.withLock { state in
            guard state.bytes + line.count <= capacity else {
                state.dropped += 1
                return false
            }
            state.waiting.append(line)
            state.bytes += line.count
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.drain() } }
    }

    /// Takes lines that must not be lost: returns when they are written, and so is as fast as whoever reads; blocks.
    public func deliver(_ text: String) {
        write(text)
        queue.sync {}
    }

    public func write(_ text: String) { write(Array(text.utf8)) }

    /// Waits until everything is written, but no longer than this; blocks.
    ///
    /// - Returns: whether it was.
    @discardableResult
    public func flush(within limit: Duration = .milliseconds(500)) -> Bool {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        return done.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1)))) == .success
    }

    private func drain() {
        while true {
            let (lines, dropped) = state.withLock { state in
                let taken = (state.waiting, state.dropped)
                (state.waiting, state.dropped) = ([], 0)
                if taken.0.isEmpty, taken.1 == 0 { state.isWriting = false }
                return taken
            }
            if lines.isEmpty, dropped == 0 { return }
            for line in lines {
                writeAll(line)
                // Not before: until then they fill the queue.
                state.withLock { $0.bytes -= line.count }
            }
            if dropped > 0 { writeAll(Array("\(dropped) lines were dropped here: nobody read them in time.\n".utf8)) }
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                // Somebody else made it non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
        Glibc.write(descriptor, bytes, count)
    #elseif canImport(Musl)
        Musl.write(descriptor, bytes, count)
    #else
        Darwin.write(descriptor, bytes, count)
    #endif
}
