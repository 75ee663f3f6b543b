import Foundation
import LeftfoldHTTP
import LeftfoldService

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where `dev` keeps its database and its keys.
struct DataFolder: Sendable {
    let url: URL
    var database: URL { url.appending(path: "postgres") }
    private var keysFile: URL { url.appending(path: "jwt_keys.json") }
    private var lockFile: URL { url.appending(path: "lock") }

    init(path: String) throws {
        url = URL(filePath: path, directoryHint: .isDirectory).absoluteURL.standardizedFileURL
        // Traversable for the user that PostgreSQL runs as; what is secret in it has its own mode.
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    /// One `dev` a folder: a second one would stop the database under the first. The system frees the lock when the
    /// process ends, however it ends.
    func whileLocked<T>(_ body: () async throws -> T) async throws -> T {
        let descriptor = open(lockFile.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Misconfigured("the folder \(url.path) cannot be written to") }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Misconfigured("another dev is at work in \(url.path); stop it, or take another folder with --data")
        }
        return try await body()
    }

    /// The keys that sign this folder's tokens; made when there are none.
    func keys() throws -> String {
        if let bytes = FileManager.default.contents(atPath: keysFile.path) { return String(decoding: bytes, as: UTF8.self) }
        let bytes = JSONWebKeySet.generate()
        try SecretFile.write(bytes, to: keysFile)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A file that only its owner may read.
enum SecretFile {
    static func write(_ bytes: [UInt8], to url: URL) throws {
        let descriptor = open(url.path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Misconfigured("\(url.path) cannot be created") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(bytes))
        try file.synchronize()
    }
}
