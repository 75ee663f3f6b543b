import NIOCore
import NIOHTTP1

/// Stands between the guard and the routes: answers what ``DirectAnswers`` knows, if nothing before it is still to be answered.
final class DirectAnswerHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let answers: DirectAnswers
    /// Requests that went on to the routes and are not wholly answered.
    private var outstanding = 0
    /// The answer to the request that is being read.
    private var response: DirectAnswers.Found?
    private var hasWritten = false

    init(_ answers: DirectAnswers) { self.answers = answers }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Who does not read is left to the routes, which wait for it.
            if outstanding == 0, context.channel.isWritable, let response = answers.answer(head) {
                self.response = response
                return
            }
            outstanding += 1
        case .body: break
        case .end:
            if let response {
                self.response = nil
                return write(response, context)
            }
        }
        context.fireChannelRead(data)
    }

    private func write(_ response: DirectAnswers.Found, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        if let answer = response.answer { context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil) }
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        hasWritten = true
    }

    /// One system call for all that came together.
    func channelReadComplete(context: ChannelHandlerContext) {
        if hasWritten {
            hasWritten = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { outstanding -= 1 }
        context.write(data, promise: promise)
    }
}
