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
        // Root lends PostgreSQL another account, which must pass through; it cannot see what is here.
        try SecretFile.makeFolder(url.path, mode: geteuid() == 0 ? 0o711 : 0o700)
    }

    /// One that `dev` has made; throws ``Misconfigured`` where it has not.
    init(existing path: String) throws {
        url = URL(filePath: path, directoryHint: .isDirectory).absoluteURL.standardizedFileURL
        guard FileManager.default.fileExists(atPath: keysFile.path) else {
            throw Misconfigured("\(url.path) is no folder of dev: there is no \(keysFile.lastPathComponent) in it")
        }
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
        if FileManager.default.fileExists(atPath: keysFile.path) {
            return String(decoding: try SecretFile.read(keysFile.path), as: UTF8.self)
        }
        let bytes = JSONWebKeySet.generate()
        try SecretFile.write(bytes, to: keysFile.path)
        return String(decoding: bytes, as: UTF8.self)
    }
}
