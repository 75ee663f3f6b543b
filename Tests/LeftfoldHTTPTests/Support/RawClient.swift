import LeftfoldTesting
import NIOCore
import NIOPosix
import Synchronization

/// A connection that stays open: bytes out when the test says so, and what came back so far.
final class RawClient: Sendable {
    private struct State: Sendable {
        var text = ""
        var isClosed = false
    }

    private let channel: any Channel
    private let received: Received

    /// - Parameters:
    ///   - source: the address that it comes from.
    ///   - reads: whether it takes in what the other side sends.
    static func open(port: Int?, from source: String? = nil, reads: Bool = true) async throws -> RawClient {
        let received = Received()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(received)) }
            }
        if let source { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0)) }
        return RawClient(try await bootstrap.connect(host: "127.0.0.1", port: port ?? 0).get(), received)
    }

    private init(_ channel: any Channel, _ received: Received) { (self.channel, self.received) = (channel, received) }

    /// Throws if the connection is gone.
    func say(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }
    func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
    func close() { channel.close(promise: nil) }

    var text: String { received.state.withLock { $0.text } }
    var isClosed: Bool { received.state.withLock { $0.isClosed } }
    /// The statuses of all answers, in order.
    var statuses: [Int] { text.statuses }

    func answers(_ count: Int = 1) async throws { try await eventually("\(count) answers, not \(text)") { statuses.count >= count } }
    func ends() async throws { try await eventually("the end of the connection") { isClosed } }

    private final class Received: Sendable {
        let state = Mutex(State())
    }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let received: Received

        init(_ received: Received) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.state.withLock { $0.text += String(buffer: unwrapInboundIn(data)) }
        }

        func channelInactive(context: ChannelHandlerContext) { received.state.withLock { $0.isClosed = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension String {
    var statuses: [Int] { matches(of: #/HTTP/1\.[01] (\d{3}) /#).compactMap { Int($0.output.1) } }
}

/// Waits for a condition; a busy machine may be late.
func eventually(_ what: @autoclosure () -> String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(40)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw DidNotHappen(description: "did not happen: \(what())") }
        try await Task.sleep(for: .milliseconds(3))
    }
}

struct DidNotHappen: Error, CustomStringConvertible { let description: String }
