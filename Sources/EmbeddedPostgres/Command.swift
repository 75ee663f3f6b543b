import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs a program and waits for it. Blocks; called from threads of our own.
///
/// Not with Foundation's `Process`: on Linux it learns of the end through a socket that children inherit, and so would wait for the server
/// that `pg_ctl` leaves behind.
enum Command {
    struct Answer: Sendable {
        let status: Int32
        /// Standard output and standard error, without white space at the ends.
        let output: String
    }

    /// The program's output goes to a file, not to a pipe: the server would keep a pipe open for ever.
    static func run(_ program: String, _ arguments: [String]) throws(EmbeddedPostgresError) -> Answer {
        var template = Array("/tmp/leftfold-output-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw EmbeddedPostgresError("No temporary file can be made: \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let status = try spawn(program, arguments, output: descriptor)
        lseek(descriptor, 0, SEEK_SET)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return Answer(status: status, output: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func spawn(_ program: String, _ arguments: [String], output: Int32) throws(EmbeddedPostgresError) -> Int32 {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
        #else
            var actions: posix_spawn_file_actions_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // A server outlives what else this process has open: a pipe that it inherits never ends for its reader.
        #if os(Linux)
            for descriptor in 3..<openDescriptorsEnd() { posix_spawn_file_actions_addclose(&actions, descriptor) }
        #endif
        // A group of its own: what a terminal sends to ours (Ctrl-C, its end) must not leave a server half started. And signals
        // as they are by default: those that we ignore would be ignored there, too.
        #if os(Linux)
            var attributes = posix_spawnattr_t()
        #else
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF
        #if canImport(Darwin)
            flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))
        // Messages are compared and shown; they shall be in one language. What the shell says of another server (PGHOST,
        // PGSERVICE, PGOPTIONS …) is no affair of this one.
        let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }
            .merging(["LC_ALL": "C", "LANG": "C"]) { _, forced in forced }
        let argv = ([program] + arguments).map { strdup($0) }
        let envp = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for pointer in argv + envp { free(pointer) } }
        var process = pid_t()
        let failure = posix_spawn(&process, program, &actions, &attributes, argv + [nil], envp + [nil])
        guard failure == 0 else { throw EmbeddedPostgresError("\(program) cannot be run: \(String(cString: strerror(failure))).") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else {
                throw EmbeddedPostgresError("\(program) cannot be waited for: \(String(cString: strerror(errno))).")
            }
        }
        // The low seven bits name the signal that ended it, if one did.
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
    }
}

#if os(Linux)
    /// Behind the last descriptor that is open, and a little further for those that are being opened meanwhile.
    private func openDescriptorsEnd() -> Int32 {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.compactMap { Int($0) } ?? []
        let limit = sysconf(Int32(_SC_OPEN_MAX))
        // Negative: there is none. Beyond it a number to be closed is an error.
        return Int32(clamping: min((open.max() ?? 3) + 64, limit < 3 ? .max : limit))
    }
#endif

/// Runs blocking work on a thread of its own.
func onThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws(EmbeddedPostgresError) -> Value
) async throws(EmbeddedPostgresError) -> Value {
    let result: Result<Value, EmbeddedPostgresError> = await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            do throws(EmbeddedPostgresError) {
                continuation.resume(returning: .success(try work()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    }
    return try result.get()
}
