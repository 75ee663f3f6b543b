#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Standard input, output and error as the program needs them.
enum StandardStreams {
    /// Before anything is opened.
    static func prepare() {
        // A reader that went away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Where one is closed, the next file or connection that is opened would get its number, and what is meant for people
        // would go there. What is put in the place of standard output cannot be written to either.
        for (descriptor, mode) in [(0, O_RDONLY), (1, O_RDONLY), (2, O_WRONLY)] as [(Int32, Int32)] {
            guard fcntl(descriptor, F_GETFD) < 0 else { continue }
            _ = open("/dev/null", mode)
        }
    }
}
