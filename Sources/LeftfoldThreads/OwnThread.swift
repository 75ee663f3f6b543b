package import NIOCore
import NIOPosix

/// A thread that nobody else uses, for work that must not wait for the work of others.
///
/// It is a target of its own because in a module that imports NIOPosix the structures of the C library count as NIO's.
package enum OwnThread {
    /// Runs the body, and all that it starts and waits for, on the thread, and ends the thread afterwards.
    ///
    /// - Parameter body: gets the event loop of the thread.
    package static func run<T: Sendable>(_ body: @Sendable (any EventLoopGroup) async throws -> T) async throws -> T {
        let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let value: T
        do {
            value = try await withTaskExecutorPreference(LoopExecutor(thread.next())) { try await body(thread) }
        } catch {
            try? await thread.shutdownGracefully()
            throw error
        }
        try await thread.shutdownGracefully()
        return value
    }
}
