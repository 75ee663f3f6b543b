import HTTPTypes
import Hummingbird
import Leftfold
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Stands between the HTTP decoder and Hummingbird on every connection. It answers what never becomes a request (malformed
/// HTTP, headers that are too large or too slow) with a problem, ends requests that take too long, and closes refused
/// connections so that the client can still read why.
///
///     idle → header → request → idle …        any → closing
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let configuration: EdgeConfiguration
    private var context: ChannelHandlerContext?
    private var alarm = Alarm()

    private var requestsInProgress = 0
    private var isReading = false
    private var isAnswering = false
    private var closesAfterAnswer = false
    private var isClosing = false
    /// An answer without an end. Its client must read on, and that is all the time it has.
    private var isStreaming = false
    private var unread = 0
    private var correlationID: String?
    /// To be told as soon as the answer before it is written.
    private var postponed: Refused?

    private struct Refused {
        let status: HTTPResponse.Status
        let code: String
        let detail: String
    }

    init(_ configuration: EdgeConfiguration) { self.configuration = configuration }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        do {
            try context.pipeline.syncOperations.addHandler(FirstBytes(self), position: .first)
        } catch {
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        abandonBody(context)
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        alarm.cancel()
        context = nil
    }

    // MARK: What comes in

    /// Bytes arrived, before they are decoded.
    fileprivate func bytesArrived() {
        if requestsInProgress == 0, !isClosing, !alarm.isSet { set(configuration.headerDeadline) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosing { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if requestsInProgress == 0 { set(configuration.requestDeadline) }
            requestsInProgress += 1
            isReading = true
            correlationID = try? CorrelationID.read(head.headerFields)
        case .body: break
        case .end: isReading = false
        }
        context.fireChannelRead(data)
    }

    /// Malformed HTTP. It is not passed on: Hummingbird would answer it without a body.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        let refused =
            error == .headerOverflow
            ? Refused(
                status: .requestHeaderFieldsTooLarge, code: "header_too_large",
                detail: "The headers are larger than \(configuration.headerLimit) bytes or more than \(configuration.headerCountLimit).")
            : Refused(status: .badRequest, code: "malformed_request", detail: "This is not HTTP/1.1.")
        if isWaitingForAnAnswer { postponed = refused } else { refuse(context, refused) }
        abandonBody(context)
    }

    /// Whether a request before the one being read is still to be answered.
    private var isWaitingForAnAnswer: Bool { requestsInProgress > (isReading ? 1 : 0) }

    /// The rest of the body will not come. Hummingbird takes a connection that ends for a body that ends, and would carry
    /// out half a command.
    private func abandonBody(_ context: ChannelHandlerContext) {
        guard isReading else { return }
        isReading = false
        requestsInProgress -= 1
        context.fireErrorCaught(RequestRefusal.incompleteBody)
    }

    // MARK: What goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // The client has its answer: that the request took too long.
        if isClosing { return promise?.succeed() ?? () }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            isAnswering = head.status.kind != .informational
            closesAfterAnswer = head.headerFields[.connection] == "close"
            isStreaming = head.headerFields[.contentType] == "text/event-stream"
            if isStreaming { alarm.unset() }
            context.write(data, promise: promise)
        case .body:
            if isStreaming { writeMessage(context, data, promise) } else { context.write(data, promise: promise) }
        case .end:
            isStreaming = false
            context.write(data, promise: promise)
            answered(context)
        }
    }

    /// Who does not take in what is sent is cut off.
    private func writeMessage(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        if unread == 0 { set(configuration.requestDeadline) }
        unread += 1
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self else { return }
            unread -= 1
            if unread == 0, isStreaming { alarm.unset() }
        }
        context.write(data, promise: written)
    }

    private func answered(_ context: ChannelHandlerContext) {
        requestsInProgress -= 1
        isAnswering = false
        if closesAfterAnswer { return close(context) }
        if let postponed, !isWaitingForAnAnswer { return refuse(context, postponed) }
        if requestsInProgress > 0 { return set(configuration.requestDeadline) }
        alarm.unset()
    }

    // MARK: Deadlines

    private func set(_ duration: Duration) {
        guard let context else { return }
        alarm.set(.now() + TimeAmount(duration), on: context.eventLoop) { [weak self] in self?.deadlinePassed() }
    }

    private func deadlinePassed() {
        guard let context else { return }
        if isClosing || isAnswering {
            context.close(promise: nil)
        } else if !isWaitingForAnAnswer {
            refuse(context, Refused(status: .requestTimeout, code: "request_timeout", detail: "The request took too long to arrive."))
            abandonBody(context)
        } else {
            let detail = "The answer took too long. A command may have been carried out: send it again with the same Idempotency-Key."
            refuse(context, Refused(status: .serviceUnavailable, code: "deadline_exceeded", detail: detail))
        }
    }

    // MARK: Closing

    private func refuse(_ context: ChannelHandlerContext, _ refused: Refused) {
        guard !isAnswering, !isClosing else { return context.close(promise: nil) }
        let id = correlationID ?? CorrelationID.generated()
        let problem = Problem(code: refused.code, status: refused.status.code, detail: refused.detail, correlationID: id)
        let body = ByteBuffer(bytes: (try? StrictJSON.encode(problem)) ?? Array("{}".utf8))
        var headers: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: String(body.readableBytes), .connection: "close",
            .correlationID: id, .contentTypeOptions: "nosniff", .cacheControl: "no-store",
        ]
        if refused.status == .serviceUnavailable { headers[.retryAfter] = "1" }
        context.write(wrapOutboundOut(.head(HTTPResponse(status: refused.status, headerFields: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        close(context)
    }

    /// Says that no more will come, and goes on reading for a while: closing over unread bytes would reset the connection
    /// and take the answer from the client.
    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        context.flush()
        context.close(mode: .output, promise: nil)
        set(configuration.lingering)
    }
}

/// Sees the bytes before the decoder does, to time headers that come slowly.
private final class FirstBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionGuard

    init(_ connection: ConnectionGuard) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived()
        context.fireChannelRead(data)
    }
}
