package import NIOCore
import NIOPosix

/// The one thread of the process that answers those who watch it, and waits for nobody else's work.
///
/// It is a target of its own because in a module that imports NIOPosix the structures of the C library count as NIO's.
package enum MonitoringThread {
    /// Runs the body there, and all that it starts and waits for.
    ///
    /// - Parameter body: gets the event loop of the thread.
    package static func run<T: Sendable>(_ body: @Sendable (any EventLoopGroup) async throws -> T) async throws -> T {
        try await withTaskExecutorPreference(executor) { try await body(loops) }
    }

    /// Made when it is first wanted, and never ended: a server that has ended still sends its event loop what it did not wait for, and
    /// to a loop that is shut down that is an error, told on standard error.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private static let executor = LoopExecutor(loops.next())
}
