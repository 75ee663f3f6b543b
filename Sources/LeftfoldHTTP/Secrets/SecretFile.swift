import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that hold secrets: read only if nobody else may read them, written so that nobody else can.
package enum SecretFile {
    /// Why a file was not read or written. It names the path, never what is in it.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    struct Content {
        let bytes: [UInt8]
        let stamp: FileStamp
        /// Why others than its owner can get at it; nil: they cannot.
        let exposure: String?
    }

    /// Larger files are refused.
    static let maximumSize = 1 << 20

    /// Refuses what group or others may read.
    package static func read(_ path: String) throws(Problem) -> [UInt8] {
        let content = try look(path)
        if let exposure = content.exposure { throw Problem(description: exposure) }
        return content.bytes
    }

    /// Reads it whatever its mode; whoever finds secrets in it looks at ``Content/exposure``.
    static func look(_ path: String) throws(Problem) -> Content {
        // One descriptor for looking and reading: the path may lead elsewhere a moment later.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Problem(description: "\(path) cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw Problem(description: "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        // One byte more than allowed tells that there is more.
        let data: Data?
        do {
            data = try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).read(upToCount: maximumSize + 1)
        } catch {
            throw Problem(description: "\(path) cannot be read: \(error.localizedDescription)")
        }
        let bytes = [UInt8](data ?? Data())
        guard bytes.count <= maximumSize else { throw Problem(description: "\(path) is larger than \(maximumSize) bytes") }
        return Content(bytes: bytes, stamp: FileStamp(status), exposure: exposure(path, status))
    }

    /// PostgreSQL's rule for its own key files. What an orchestrator mounts under `/run/secrets` is outside of it: Docker and
    /// Kubernetes choose the mode there (0444), and only this container sees the place.
    private static func exposure(_ path: String, _ status: stat) -> String? {
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        let isMounted = ["/run/secrets/", "/var/run/secrets/"].contains { path.hasPrefix($0) }
        let allowed: mode_t = status.st_uid == 0 ? 0o740 : 0o700
        guard status.st_mode & 0o777 & ~allowed != 0, !isMounted else { return nil }
        let mode = String(status.st_mode & 0o777, radix: 8)
        return "\(path) has mode 0\(mode): others than its owner can get at what is secret in it. "
            + "Give it mode 0600, or 0640 if root owns it"
    }

    /// Makes a file that only its owner may read, whatever the umask; refuses one that is there.
    package static func write(_ bytes: [UInt8], to path: String) throws(Problem) {
        try write(bytes, to: path, O_EXCL)
    }

    /// Adds to a file that only its owner may read; makes it if it is not there.
    package static func append(_ bytes: [UInt8], to path: String) throws(Problem) {
        if access(path, F_OK) == 0 { _ = try read(path) }
        try write(bytes, to: path, O_APPEND)
    }

    private static func write(_ bytes: [UInt8], to path: String, _ flag: Int32) throws(Problem) {
        let descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC | flag, 0o600)
        guard descriptor >= 0 else { throw Problem(description: "\(path) cannot be written: \(String(cString: strerror(errno)))") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(bytes))
            try file.synchronize()
        } catch {
            throw Problem(description: "\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Makes a folder, and those above it, that only its owner may enter, whatever the umask. One that is there stays as it is.
    ///
    /// - Parameter mode: another mode, where an account that we lend programs to must pass through.
    package static func makeFolder(_ path: String, mode: Int = 0o700) throws(Problem) {
        if FileManager.default.fileExists(atPath: path) { return }
        let parent = URL(filePath: path, directoryHint: .isDirectory).deletingLastPathComponent().path
        if parent != path { try makeFolder(parent, mode: mode) }
        guard mkdir(path, mode_t(mode)) == 0 || errno == EEXIST, chmod(path, mode_t(mode)) == 0 else {
            throw Problem(description: "the folder \(path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }
}

/// What tells one content of a file from the next. A pipe has but one content.
struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    init(_ status: stat) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            (device, inode, size, seconds, nanoseconds) = (0, 0, 0, 0, 0)
            return
        }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Darwin)
            (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
        #else
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        #endif
    }

    /// Nil where there is no file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
