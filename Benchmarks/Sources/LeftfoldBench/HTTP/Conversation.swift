import LeftfoldTesting
import NIOCore

/// One connection of the load generator.
final class Conversation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: (inout SeededGenerator) -> String
    private let start: ContinuousClock.Instant
    private let end: ContinuousClock.Instant
    private let status: Int
    private let result: EventLoopPromise<[Duration]>

    private var random: SeededGenerator
    private var begun = ContinuousClock.now
    private var latencies: [Duration] = []
    private var received = ByteBuffer()

    init(
        _ random: SeededGenerator, _ start: ContinuousClock.Instant, _ end: ContinuousClock.Instant, status: Int,
        _ request: @escaping (inout SeededGenerator) -> String, _ result: EventLoopPromise<[Duration]>
    ) {
        (self.random, self.start, self.end) = (random, start, end)
        (self.status, self.request, self.result) = (status, request, result)
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var arrived = unwrapInboundIn(data)
        received.writeBuffer(&arrived)
        do {
            guard let answer = try HTTPAnswer(received) else { return }
            guard answer.status == status else { throw Unexpected(description: "an answer with the status \(answer.status)") }
            received.clear()
        } catch {
            return fail(error, context)
        }
        let now = ContinuousClock.now
        if now >= start, now <= end { latencies.append(now - begun) }
        if now < end { send(context) } else { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if ContinuousClock.now < end { result.fail(Unexpected(description: "the server closed a connection")) }
        result.succeed(latencies)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(error, context) }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        result.fail(error)
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext) {
        let bytes = context.channel.allocator.buffer(string: request(&random))
        begun = .now
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}
