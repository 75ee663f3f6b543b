import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Our folder: `data` is the server's own, `run` holds the socket, `server.log` what it says.
struct DataFolder: Sendable {
    let root: URL

    var data: URL { root.appendingPathComponent("data") }
    var unfinished: URL { root.appendingPathComponent("data.unfinished") }
    var log: URL { root.appendingPathComponent("server.log") }
    var settings: URL { data.appendingPathComponent("leftfold.conf") }
    var password: URL { root.appendingPathComponent("password") }
    private var socketRecord: URL { root.appendingPathComponent("socket-directory") }

    /// The major version that made the data; `nil` if there is none yet.
    var version: String? {
        (try? String(contentsOf: data.appendingPathComponent("PG_VERSION"), encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The longest path a socket may have, with the final NUL left out.
    static let longestSocketPath: Int = {
        #if os(Linux)
            107
        #else
            103
        #endif
    }()

    /// Where the socket goes: below our folder, or in a short private folder if that path is too long. The choice is recorded.
    func socketDirectory(_ account: Account) throws(EmbeddedPostgresError) -> URL {
        let usual = root.appendingPathComponent("run")
        let path = usual.path + "/.s.PGSQL.65535"
        if path.utf8.count <= DataFolder.longestSocketPath, !path.contains(where: { ",\"'\\".contains($0) }) {
            try account.makePrivateFolder(usual)
            return usual
        }
        if let recorded = try? String(contentsOf: socketRecord, encoding: .utf8), recorded.hasPrefix("/tmp/leftfold-"),
            account.ownsPrivately(recorded)
        {
            return URL(fileURLWithPath: recorded)
        }
        var template = Array("/tmp/leftfold-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw EmbeddedPostgresError("No folder for the server's socket can be made under /tmp: \(String(cString: strerror(errno))).")
        }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard account.own(made), (try? made.write(to: socketRecord, atomically: true, encoding: .utf8)) != nil else {
            throw EmbeddedPostgresError("The folder \(made) for the server's socket cannot be recorded in \(root.path).")
        }
        return URL(fileURLWithPath: made)
    }

    /// What a server wrote about itself while it runs.
    struct Running: Sendable {
        let process: Int32
        let port: Int
        let socketDirectory: String
        let isReady: Bool
    }

    private var pidFile: URL { data.appendingPathComponent("postmaster.pid") }

    /// The server that runs on this folder, if one does. A file left by a server that is gone, or whose number another program got, is removed.
    func running() -> Running? {
        guard let text = try? String(contentsOf: pidFile, encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.first, let process = Int32(first.trimmingCharacters(in: .whitespaces)), process > 0 else { return nil }
        guard DataFolder.isServer(process) else {
            try? FileManager.default.removeItem(at: pidFile)
            return nil
        }
        return Running(
            process: process, port: lines.count > 3 ? Int(lines[3]) ?? 0 : 0, socketDirectory: lines.count > 4 ? lines[4] : "",
            isReady: lines.count > 7 && lines[7].hasPrefix("ready"))
    }

    /// Whether a process lives and is a Postgres server.
    private static func isServer(_ process: Int32) -> Bool {
        guard kill(process, 0) == 0 || errno == EPERM else { return false }
        if let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8) { return name.hasPrefix("postgres") }
        guard let answer = try? Command.run("/bin/ps", ["-p", String(process), "-o", "comm="]) else { return true }
        return answer.status == 0 && answer.output.contains("postgres")
    }

    /// The end of what the server said.
    var lastWords: String {
        guard let text = try? String(contentsOf: log, encoding: .utf8) else { return "" }
        return text.split(separator: "\n").suffix(8).joined(separator: "\n")
    }

    /// Runs a closure while no other process starts or stops the server of this folder.
    func locked<Value>(_ body: () throws(EmbeddedPostgresError) -> Value) throws(EmbeddedPostgresError) -> Value {
        let path = root.appendingPathComponent("lock").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw EmbeddedPostgresError("\(path) cannot be opened: \(String(cString: strerror(errno))).") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw EmbeddedPostgresError("\(path) cannot be locked: \(String(cString: strerror(errno))).") }
        }
        return try body()
    }
}
