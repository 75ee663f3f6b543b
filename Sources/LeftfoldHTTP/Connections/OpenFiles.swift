#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many files, and so connections, the process may have open.
public enum OpenFiles {
    /// Raises the limit as far as the process may by itself, to 65,536 at most, and returns it.
    @discardableResult
    public static func raiseLimit() -> Int {
        var limit = current
        let wanted = min(limit.rlim_max, 65_536)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            _ = setrlimit(resource, &limit)
        }
        return self.limit
    }

    public static var limit: Int { Int(clamping: current.rlim_cur) }

    /// How many connections of clients fit, beside those to the database and the files of the process itself.
    static func connections(within limit: Int) -> Int { min(10_000, max(16, (limit - 256) / 10 * 9)) }

    private static var current: rlimit {
        var limit = rlimit()
        // It fails for no reason but a wrong argument.
        if getrlimit(resource, &limit) != 0 { (limit.rlim_cur, limit.rlim_max) = (1024, 1024) }
        return limit
    }

    #if canImport(Glibc)
        private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
        private static var resource: Int32 { RLIMIT_NOFILE }
    #endif
}
