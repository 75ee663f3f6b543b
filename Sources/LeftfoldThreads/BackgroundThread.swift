import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The one thread of the process for work that keeps a processor busy for long. It comes after everybody else, where the system has
/// priorities of threads.
package enum BackgroundThread {
    /// Runs the body there, and all that it calls and waits for.
    package static func run<T>(_ body: () async throws -> T) async throws -> T {
        try await withTaskExecutorPreference(executor, operation: body)
    }

    /// Made when it is first wanted, and never ended.
    private static let executor = {
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        // Of this thread alone, on Linux; elsewhere it would be the process's.
        #if canImport(Glibc)
            loop.execute { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) }
        #elseif canImport(Musl)
            loop.execute { _ = setpriority(PRIO_PROCESS, 0, 10) }
        #endif
        return LoopExecutor(loop)
    }()
}
