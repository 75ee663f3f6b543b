import LeftfoldTesting
import NIOCore
import NIOPosix

/// Keep-alive connections, each of which sends its next request when the last one is answered. One thread: it should cost
/// the server next to nothing.
struct LoadGenerator: Sendable {
    let port: Int
    let connections: Int
    let duration: Duration
    /// The status that every answer must have.
    let status: Int

    /// Before it counts.
    private var warmUp: Duration { min(duration / 4, .seconds(1)) }

    func run(seed: UInt64, _ request: @escaping @Sendable (inout SeededGenerator) -> String) async throws -> Figure {
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let figure: Figure
        do {
            figure = try await run(on: threads.next(), seed, request)
        } catch {
            try await threads.shutdownGracefully()
            throw error
        }
        try await threads.shutdownGracefully()
        return figure
    }

    private func run(
        on loop: any EventLoop, _ seed: UInt64, _ request: @escaping @Sendable (inout SeededGenerator) -> String
    ) async throws -> Figure {
        let start = ContinuousClock.now + warmUp
        let end = start + duration
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for number in 0..<connections {
                let random = SeededGenerator(seed: seed << 32 | UInt64(number) << 16 | UInt64(port))
                group.addTask { try await converse(on: loop, random, start, end, request) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Figure(rate: Double(latencies.count) / duration.seconds, latencies: latencies)
    }

    private func converse(
        on loop: any EventLoop, _ random: SeededGenerator, _ start: ContinuousClock.Instant, _ end: ContinuousClock.Instant,
        _ request: @escaping @Sendable (inout SeededGenerator) -> String
    ) async throws -> [Duration] {
        let result = loop.makePromise(of: [Duration].self)
        do {
            _ = try await ClientBootstrap(group: loop)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            Conversation(random, start, end, status: status, request, result))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            result.fail(error)
        }
        return try await result.futureResult.get()
    }
}
