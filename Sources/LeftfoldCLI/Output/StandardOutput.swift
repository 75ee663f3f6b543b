import Foundation

/// Where data goes. Unlike `FileHandle.write(_:)` it throws where nothing can be written.
enum StandardOutput {
    /// Throws ``Lost``.
    static func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(1, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                // Somebody else made it non-blocking.
                var waiting = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                throw Lost(code: errno)
            }
        }
    }

    /// What was written is not all there.
    struct Lost: Error {
        let code: Int32
    }
}
