import Foundation
import Synchronization

/// What comes out of one end of a process. It is read by a thread of its own: neither the tests nor their number keep it waiting.
final class Channel: Sendable {
    let pipe = Pipe()
    private let read = Mutex((bytes: [UInt8](), isComplete: false))

    var text: String { read.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    /// The other end is closed, and all is read.
    var isComplete: Bool { read.withLock(\.isComplete) }

    func listen() {
        let handle = pipe.fileHandleForReading
        let thread = Thread { [weak self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                // Not by the handle: it waits until as much has come.
                let count = Foundation.read(handle.fileDescriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                self?.read.withLock { $0.bytes += buffer.prefix(count) }
            }
            self?.read.withLock { $0.isComplete = true }
        }
        thread.start()
    }
}
