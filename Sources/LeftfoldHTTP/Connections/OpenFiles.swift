#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many files, and so connections, the process may have open.
enum OpenFiles {
    static var limit: Int {
        let limit = sysconf(Int32(_SC_OPEN_MAX))
        // Negative: there is none.
        return limit < 0 ? .max : Int(limit)
    }

    /// How many connections of clients fit, beside those to the database and the files of the process itself.
    static func room(within limit: Int) -> Int { max(16, (limit - 256) / 10 * 9) }

    /// How many are taken unless told otherwise.
    static func connections(within limit: Int) -> Int { min(10_000, room(within: limit)) }
}
