import Foundation
import LeftfoldDriver

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A stream socket whose calls block. Closed when nobody holds it any more, so that its number is never another's.
final class Socket: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) throws {
        guard descriptor >= 0 else { throw Socket.error() }
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        #if canImport(Darwin)
            set(SOL_SOCKET, SO_NOSIGPIPE)
        #endif
    }

    deinit { close(descriptor) }

    /// Where a server listens.
    enum Address: Sendable {
        case unix(path: String)
        case tcp(host: String, port: Int)

        /// The one that libpq would take. Throws if the configuration leaves it to libpq or names several.
        init(_ configuration: ConnectionConfiguration) throws {
            let port = configuration["port"].flatMap { Int($0) } ?? 5432
            guard let host = configuration["hostaddr"] ?? configuration["host"], !host.isEmpty, !host.contains(",") else {
                throw PostgresError(.misuse, "the proxy needs a connection string with exactly one host")
            }
            self = host.hasPrefix("/") ? .unix(path: "\(host)/.s.PGSQL.\(port)") : .tcp(host: host, port: port)
        }
    }

    #if canImport(Glibc)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif

    static func connect(to address: Address) throws -> Socket {
        switch address {
        case .unix(let path):
            let socket = try Socket(socket(AF_UNIX, stream, 0))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let room = MemoryLayout.size(ofValue: address.sun_path)
            guard path.utf8.count < room else { throw POSIXError(.ENAMETOOLONG) }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            try socket.connect(&address, MemoryLayout<sockaddr_un>.size)
            return socket
        case .tcp(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = stream
            var list: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else { throw POSIXError(.EHOSTUNREACH) }
            defer { freeaddrinfo(first) }
            var failure: any Error = POSIXError(.EHOSTUNREACH)
            for entry in sequence(first: first, next: { $0.pointee.ai_next }) {
                do {
                    let socket = try Socket(socket(entry.pointee.ai_family, stream, 0))
                    guard let address = entry.pointee.ai_addr,
                        Self.connectCall(socket.descriptor, address, entry.pointee.ai_addrlen) == 0
                    else { throw error() }
                    socket.sendAtOnce()
                    return socket
                } catch { failure = error }
            }
            throw failure
        }
    }

    /// Listens on 127.0.0.1, at a port that the system chooses.
    static func listening() throws -> (socket: Socket, port: Int) {
        let socket = try Socket(socket(AF_INET, stream, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket.descriptor, address, size) == 0 && listen(socket.descriptor, 128) == 0
                    && getsockname(socket.descriptor, address, &size) == 0
            }
        }
        guard status else { throw error() }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// The next connection; `nil` when the socket was shut down.
    func accept() -> Socket? {
        while true {
            let descriptor = Self.acceptCall(descriptor, nil, nil)
            if descriptor < 0, errno == EINTR || errno == ECONNABORTED { continue }
            let socket = try? Socket(descriptor)
            socket?.sendAtOnce()
            return socket
        }
    }

    /// What has come, at least one byte; `nil` at the end.
    func read(into buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? buffer[..<count] : nil
        }
    }

    /// Sends all of it; false if the other side is gone.
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count, let base = bytes.baseAddress {
                let count = send(descriptor, base + done, bytes.count - done, Self.noSignal)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return false }
                done += count
            }
            return true
        }
    }

    /// Wakes whoever reads or writes; the other side sees the end after what was sent.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The other side sees the end after what was sent; reading goes on.
    func endWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    #if canImport(Darwin)
        private static let noSignal: Int32 = 0
    #else
        private static let noSignal = Int32(MSG_NOSIGNAL)
    #endif

    private static func error() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

    /// Each message is a packet of its own, as it would be without us.
    private func sendAtOnce() { set(Int32(IPPROTO_TCP), TCP_NODELAY) }

    private func set(_ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        _ = setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private func connect<T>(_ address: inout T, _ size: Int) throws {
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Self.connectCall(descriptor, $0, socklen_t(size)) }
        }
        guard status == 0 else { throw Socket.error() }
    }

    // The system's functions, which have the names of ours.
    #if canImport(Glibc)
        private static let connectCall = Glibc.connect
        private static let acceptCall = Glibc.accept
    #elseif canImport(Musl)
        private static let connectCall = Musl.connect
        private static let acceptCall = Musl.accept
    #else
        private static let connectCall = Darwin.connect
        private static let acceptCall = Darwin.accept
    #endif
}
