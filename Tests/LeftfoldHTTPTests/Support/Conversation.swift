import NIOCore
import NIOPosix
import Synchronization

/// A connection on which one reads while the other side still writes.
final class Conversation: Sendable {
    private let channel: any Channel
    private let heard: Heard

    private final class Heard: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let state = Mutex((text: "", isOver: false))

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            state.withLock { $0.text += text }
        }
        func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isOver = true } }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// - Parameter reads: whether it takes in what the other side sends.
    init(port: Int?, reads: Bool = true) async throws {
        let heard = Heard()
        self.heard = heard
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { $0.pipeline.addHandler(heard) }
            .connect(host: "localhost", port: port ?? 0).get()
    }

    func say(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }
    func close() async throws { try await channel.close() }

    var text: String { heard.state.withLock { $0.text } }
    var isOver: Bool { heard.state.withLock { $0.isOver } }
}
