import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Whom the server runs as. Postgres refuses to run as root, so root lends its programs an unprivileged account.
struct Account: Sendable {
    /// `nil`: ourselves.
    let name: String?
    private let user: uid_t
    private let group: gid_t

    /// Ourselves, or for root `postgres`, else `nobody`.
    static func forServer() throws(EmbeddedPostgresError) -> Account {
        guard geteuid() == 0 else { return Account(name: nil, user: geteuid(), group: getegid()) }
        for name in ["postgres", "nobody"] {
            guard let entry = getpwnam(name) else { continue }
            return Account(name: name, user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
        }
        throw EmbeddedPostgresError("PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as.")
    }

    /// Runs a server program as this account.
    func run(_ program: String, _ arguments: [String]) throws(EmbeddedPostgresError) -> Command.Answer {
        guard let name else { return try Command.run(program, arguments) }
        for folder in ["/usr/sbin", "/sbin", "/usr/bin", "/bin"] {
            if FileManager.default.isExecutableFile(atPath: folder + "/runuser") {
                return try Command.run(folder + "/runuser", ["-u", name, "--", program] + arguments)
            }
            if FileManager.default.isExecutableFile(atPath: folder + "/setpriv") {
                let identity = ["--reuid", String(user), "--regid", String(group), "--clear-groups", "--"]
                return try Command.run(folder + "/setpriv", identity + [program] + arguments)
            }
            if FileManager.default.isExecutableFile(atPath: folder + "/sudo") {
                return try Command.run(folder + "/sudo", ["-n", "-u", name, "--", program] + arguments)
            }
        }
        throw EmbeddedPostgresError(
            "PostgreSQL does not run as root, and neither runuser, setpriv nor sudo is installed to drop to `\(name)`.")
    }

    /// Makes a folder that only this account (and root) can enter, whatever the umask.
    func makePrivateFolder(_ folder: URL) throws(EmbeddedPostgresError) {
        do {
            try makeParent(folder.deletingLastPathComponent())
            if !FileManager.default.fileExists(atPath: folder.path) {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw EmbeddedPostgresError("The folder \(folder.path) cannot be made: \(error.localizedDescription)")
        }
        guard chmod(folder.path, 0o700) == 0, own(folder.path) else {
            throw EmbeddedPostgresError(
                "The folder \(folder.path) cannot be given to the server's account: \(String(cString: strerror(errno))).")
        }
        if name != nil, let answer = try? run("/usr/bin/test", ["-w", folder.path]), answer.status == 1 {
            throw EmbeddedPostgresError(
                "The account `\(name ?? "")`, as which the server runs because we are root, cannot reach \(folder.path). "
                    + "Choose a folder below one that others may enter, for example under /var/lib or /tmp.")
        }
    }

    /// Private, too, except that the server's account may pass through those of root.
    private func makeParent(_ folder: URL) throws {
        if FileManager.default.fileExists(atPath: folder.path) { return }
        try makeParent(folder.deletingLastPathComponent())
        let mode = name == nil ? 0o700 : 0o711
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: mode])
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
    }

    /// Gives one file or folder to this account.
    @discardableResult
    func own(_ path: String) -> Bool { name == nil || lchown(path, user, group) == 0 }

    /// Whether a path is a folder, not a link, of this account and closed to others.
    func ownsPrivately(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == user && status.st_mode & 0o077 == 0
    }
}
