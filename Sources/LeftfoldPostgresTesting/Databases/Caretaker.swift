import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Removes a server and its folder when this process is over.
///
/// A process that is killed runs no code of its own any more, so it is another one that does: a shell which waits for the end of a pipe that
/// nobody but us holds open.
final class Caretaker: Sendable {
    private let pipe: Int32

    private static let script = """
        trap '' HUP INT TERM
        read -r _
        server="$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)"
        if [ -n "$server" ]; then
            kill -QUIT "$server" 2>/dev/null
            tries=0
            while kill -0 "$server" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
        fi
        rm -rf "$1"
        """

    init(of folder: URL) throws {
        let ends = Pipe()
        // Ours must not live on in a child of ours.
        pipe = dup(ends.fileHandleForWriting.fileDescriptor)
        guard pipe >= 0, fcntl(pipe, F_SETFD, FD_CLOEXEC) == 0, fcntl(ends.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script, "leftfold-caretaker", folder.path]
        shell.standardInput = ends.fileHandleForReading
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        try ends.fileHandleForWriting.close()
    }

    /// It looks once more, and goes.
    func dismiss() { close(pipe) }
}
