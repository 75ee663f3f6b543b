import HTTPTypes
import Leftfold
import NIOCore
import NIOHTTP1

/// Stands behind the HTTP decoder on every connection. It answers what never becomes a request (malformed HTTP, headers that are too
/// large or too slow) with a problem, ends requests that take too long, ends the connection where the client or HTTP says so, closes
/// refused connections so that the client can still read why, and leaves when others need the place.
///
///     idle → header → body → working → idle …        any → closing
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Sent outwards when somebody begins to read the body of the request.
    struct BodyIsRead: Sendable {}

    private let configuration: EdgeConfiguration
    private let origins: AllowedOrigins
    private let book: ConnectionBook
    private var member: ConnectionBook.Member?
    private var context: ChannelHandlerContext?
    private var alarm = Alarm()

    /// Requests that are passed on and not wholly answered.
    private var owed = 0
    /// Whether the body of the newest request is still to come, answered or not.
    private var isReading = false
    /// Bytes came that are no request yet.
    private var isInHeader = false
    private var isAnswering = false
    /// The request under way, or its answer, is the last one.
    private var takesNoMore = false
    private var isClosing = false
    /// An answer without an end. Its client must read on, and that is all the time it has.
    private var isStreaming = false
    private var unread = 0
    /// Answers whose end has not left yet.
    private var unsent = 0
    /// The newest request waits for 100 before it sends its body.
    private var awaitsContinue = false
    private var isHTTP10 = false
    private var isHead = false
    private var progress: BodyProgress?
    private var requestEnds = NIODeadline.distantFuture
    /// Many that came together, and are too slow together, are not to be ended in one instant.
    private let spread = Double.random(in: 1...1.3)
    private var correlationID: String?
    private var origin: String?
    /// To be told as soon as the answer before it is written.
    private var postponed: Refused?

    private struct Refused {
        let status: HTTPResponseStatus
        let code: String
        let detail: String

        static let overloaded = Refused(
            status: .serviceUnavailable, code: "overloaded", detail: "There are too many connections. Try again in a moment.")
        static let slow = Refused(status: .requestTimeout, code: "request_timeout", detail: "The request took too long to arrive.")

        init(status: HTTPResponseStatus, code: String, detail: String) { (self.status, self.code, self.detail) = (status, code, detail) }

        init(_ fault: RequestFraming.Fault) {
            switch fault {
            case .malformed(let detail): self.init(status: .badRequest, code: "malformed_request", detail: detail)
            case .unknownExpectation:
                self.init(status: .expectationFailed, code: "expectation_failed", detail: "Expect can be nothing but 100-continue.")
            }
        }
    }

    init(_ configuration: EdgeConfiguration, _ origins: AllowedOrigins, _ book: ConnectionBook) {
        (self.configuration, self.origins, self.book) = (configuration, origins, book)
    }

    // MARK: Coming and going

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { open(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        open(context)
        context.fireChannelActive()
    }

    private func open(_ context: ChannelHandlerContext) {
        guard member == nil else { return }
        let loop = context.eventLoop
        let connection = NIOLoopBound(Weak(self), eventLoop: loop)
        switch book.open(ClientAddress(context.remoteAddress), leave: { loop.execute { connection.value.guard?.leave() } }) {
        case .admitted(let member):
            self.member = member
            set(.now() + TimeAmount(configuration.idleTimeout))
        case .refused(let member):
            self.member = member
            refuse(context, .overloaded)
        case .turnedAway: context.close(promise: nil)
        }
    }

    private struct Weak {
        weak var `guard`: ConnectionGuard?
        init(_ connection: ConnectionGuard) { self.guard = connection }
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
        if let member { book.close(member) }
        member = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        takesNoMore = true
        if owed == 0, !isClosing, unsent == 0 { context.close(promise: nil) }
    }

    /// Others need the place.
    private func leave() {
        guard let context, let member else { return }
        // One whose last answer the client has yet to take goes like other idle ones: who never reads must not hold a place.
        if isAnswering || isWaitingForAnAnswer {
            book.spare(member)
            return note()
        }
        // Who asked for something is told; who did not must not be.
        if !isClosing, owed > 0 || isInHeader {
            write(.overloaded, context)
            abandonBody(context)
        }
        isClosing = true
        context.close(promise: nil)
    }

    /// Tells the book what this connection is doing.
    private func note() {
        let phase: ConnectionBook.Phase =
            if isClosing { .closing } else if isAnswering || isWaitingForAnAnswer { .working } else if isReading {
                .body
            } else if isInHeader { .header } else { .idle }
        member?.enter(phase)
    }

    // MARK: What comes in

    /// Nothing that comes now is a request: the decoder would only keep it.
    fileprivate var isDeaf: Bool { isClosing || takesNoMore && !isReading }

    /// Bytes arrived, before they are decoded.
    fileprivate func bytesArrived() {
        guard owed == 0, !isReading, !isClosing, !isInHeader else { return }
        isInHeader = true
        set(.now() + TimeAmount(configuration.headerDeadline * spread))
        note()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosing { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Behind the last request nothing is taken; the connection ends with its answer.
            if takesNoMore { return }
            guard begin(head, context) else { return }
        case .body(let part):
            guard isReading else { return }
            progress?.receive(part.readableBytes)
            member?.took(part.readableBytes)
        case .end:
            guard isReading else { return }
            isReading = false
            awaitsContinue = false
            progress = nil
            if owed == 0 { beIdle() } else { note() }
        }
        context.fireChannelRead(data)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        isInHeader = false
        correlationID = head.headers["X-Correlation-Id"].first.flatMap { try? CorrelationID.read([.correlationID: $0]) }
        origin = origins.isEmpty ? nil : origins.origin(head.headers["Origin"])
        isHTTP10 = head.version == .http1_0
        isHead = head.method == .HEAD
        let framing: RequestFraming
        do {
            framing = try RequestFraming(head)
        } catch {
            takesNoMore = true
            let refused = Refused(error)
            if owed > 0 { postponed = refused } else { refuse(context, refused) }
            return false
        }
        let now = NIODeadline.now()
        if owed == 0 { requestEnds = now + TimeAmount(configuration.requestDeadline) }
        owed += 1
        isReading = true
        takesNoMore = framing.closes
        awaitsContinue = framing.awaitsContinue
        if framing.hasBody {
            var progress = BodyProgress(rate: configuration.minimumBodyRate, grace: configuration.bodyGrace * spread)
            if !awaitsContinue { progress.want(at: now) }
            self.progress = progress
        }
        setDeadline(now)
        if framing.hasBody || owed > 1 { note() } else { member?.enter(.working, at: now) }
        return true
    }

    /// More is wanted of the client: only then is it slow.
    func read(context: ChannelHandlerContext) {
        if progress != nil, !awaitsContinue { progress?.want(at: .now()) }
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if progress != nil { progress?.stopWanting(at: .now()) }
        context.fireChannelReadComplete()
    }

    /// Malformed HTTP. It is not passed on: Hummingbird would answer it without a body.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        // Behind the last request it is nobody's; within a body whose request is answered there is nothing to be told.
        if takesNoMore, !isReading { return }
        if isReading, owed == 0 { return close(context) }
        let refused =
            error == .headerOverflow
            ? Refused(
                status: .requestHeaderFieldsTooLarge, code: "header_too_large",
                detail: "The headers are larger than \(configuration.headerLimit) bytes or more than \(configuration.headerCountLimit).")
            : Refused(.malformed("This is not HTTP/1.1."))
        takesNoMore = true
        if isWaitingForAnAnswer { postponed = refused } else if !isAnswering { refuse(context, refused) }
        abandonBody(context)
    }

    /// Whether there is a request to be answered that is wholly here.
    private var isWaitingForAnAnswer: Bool { owed > (isReading ? 1 : 0) }

    /// The rest of the body will not come. Hummingbird takes a connection that ends for a body that ends, and would carry
    /// out half a command.
    private func abandonBody(_ context: ChannelHandlerContext) {
        guard isReading else { return }
        isReading = false
        awaitsContinue = false
        progress = nil
        context.fireErrorCaught(RequestRefusal.incompleteBody)
    }

    // MARK: What goes out

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyIsRead else { return context.triggerUserOutboundEvent(event, promise: promise) }
        promise?.succeed()
        guard awaitsContinue, isReading, !isAnswering, !isClosing, owed == 1 else { return }
        awaitsContinue = false
        progress?.want(at: .now())
        setDeadline(.now())
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // The client has its answer: that the request took too long.
        if isClosing { return promise?.succeed() ?? () }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard head.status.code >= 200 else { return context.write(data, promise: promise) }
            isAnswering = true
            note()
            isStreaming = head.headers["Content-Type"].elementsEqual(["text/event-stream"])
            if isStreaming { endRequest(at: streamEnds) }
            // A client that was not told to go on may send the body or not: what follows cannot be told apart.
            if owed == 1, awaitsContinue, isReading { takesNoMore = true }
            // Behind it there is a request already: this one was read whole, and the connection goes on.
            if owed > 1 { head.headers.remove(name: "Connection") }
            if head.headers["Connection"].contains(where: { $0.utf8.elementsEqual("close".utf8) }) { takesNoMore = true }
            if takesNoMore, owed == 1 { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            // Such a client knows no chunks: the end of the connection is the end of the answer.
            if isHTTP10, owed == 1 { head.version = .http1_0 }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            if isStreaming { writeMessage(context, data, promise) } else { context.write(data, promise: promise) }
        case .end:
            isStreaming = false
            writeEnd(context, data, promise)
            answered(context)
        }
    }

    private func writeEnd(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        unsent += 1
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self else { return }
            unsent -= 1
            // At a shutdown what was answered is sent first.
            if unsent == 0, takesNoMore, owed == 0, !isClosing { self.context?.close(promise: nil) }
        }
        context.write(data, promise: written)
    }

    /// Who does not take in what is sent is cut off.
    private func writeMessage(_ context: ChannelHandlerContext, _ data: NIOAny, _ promise: EventLoopPromise<Void>?) {
        if unread == 0 { endRequest(at: .now() + TimeAmount(configuration.requestDeadline)) }
        unread += 1
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self else { return }
            unread -= 1
            // Something was taken in.
            if isStreaming { endRequest(at: streamEnds) }
        }
        context.write(data, promise: written)
    }

    private var streamEnds: NIODeadline { unread == 0 ? .distantFuture : .now() + TimeAmount(configuration.requestDeadline) }

    private func endRequest(at deadline: NIODeadline) {
        requestEnds = deadline
        if deadline == .distantFuture { alarm.unset() } else { set(deadline) }
    }

    private func answered(_ context: ChannelHandlerContext) {
        owed -= 1
        isAnswering = false
        if let postponed, !isWaitingForAnAnswer { return refuse(context, postponed) }
        if owed == 0, takesNoMore { return close(context) }
        if owed > 0 {
            requestEnds = .now() + TimeAmount(configuration.requestDeadline)
            setDeadline(.now())
            note()
        } else if isReading {
            requestEnds = .now() + TimeAmount(configuration.requestDeadline)
            setDeadline(.now())
            note()
        } else {
            beIdle()
        }
    }

    private func beIdle() {
        let now = NIODeadline.now()
        requestEnds = .distantFuture
        set(now + TimeAmount(configuration.idleTimeout))
        member?.enter(.idle, at: now)
    }

    // MARK: Deadlines

    private func setDeadline(_ now: NIODeadline) {
        guard let progress, !awaitsContinue, !isWaitingForAnAnswer else { return set(requestEnds) }
        set(min(requestEnds, progress.nextCheck(at: now)))
    }

    private func set(_ deadline: NIODeadline) {
        guard let context else { return }
        alarm.set(deadline, on: context.eventLoop) { [weak self] in self?.deadlinePassed() }
    }

    private func deadlinePassed() {
        guard let context else { return }
        if isClosing || isAnswering && .now() >= requestEnds { return context.close(promise: nil) }
        if isAnswering { return set(requestEnds) }
        if isWaitingForAnAnswer || awaitsContinue {
            guard .now() >= requestEnds else { return set(requestEnds) }
            let detail = "The answer took too long. A command may have been carried out: send it again with the same Idempotency-Key."
            return refuse(context, Refused(status: .serviceUnavailable, code: "deadline_exceeded", detail: detail))
        }
        if isReading, .now() < requestEnds, let progress, !progress.isTooSlow(at: .now()) { return setDeadline(.now()) }
        guard owed > 0 || isInHeader else {
            // Idle, or a body that goes on behind its answer: there is nothing to be told.
            abandonBody(context)
            isClosing = true
            return context.close(promise: nil)
        }
        refuse(context, .slow)
        abandonBody(context)
    }

    // MARK: Closing

    private func refuse(_ context: ChannelHandlerContext, _ refused: Refused) {
        guard !isAnswering, !isClosing else { return context.close(promise: nil) }
        write(refused, context)
        close(context)
    }

    private func write(_ refused: Refused, _ context: ChannelHandlerContext) {
        let id = correlationID ?? CorrelationID.generated()
        let problem = Problem(code: refused.code, status: Int(refused.status.code), detail: refused.detail, correlationID: id)
        let body = ByteBuffer(bytes: (try? StrictJSON.encode(problem)) ?? Array("{}".utf8))
        var headers: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: String(body.readableBytes), .connection: "close",
            .correlationID: id, .contentTypeOptions: "nosniff", .cacheControl: "no-store",
        ]
        if refused.status == .serviceUnavailable { headers[.retryAfter] = "1" }
        if !origins.isEmpty { AllowedOrigins.mark(&headers, for: origin) }
        let head = HTTPResponseHead(
            version: .http1_1, status: refused.status, headers: HTTPHeaders(headers.map { ($0.name.rawName, $0.value) }))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Says that no more will come, and goes on reading for a while: closing over unread bytes would reset the connection
    /// and take the answer from the client.
    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        note()
        context.flush()
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            guard let self, isClosing else { return }
            set(.now() + TimeAmount(configuration.lingering))
        }
        // A client that reads slowly has as long as for any answer.
        set(.now() + TimeAmount(configuration.requestDeadline))
        context.close(mode: .output, promise: sent)
    }
}

/// Sees the bytes before the decoder does, to time headers that come slowly.
final class FirstBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionGuard

    init(_ connection: ConnectionGuard) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.isDeaf { return }
        connection.bytesArrived()
        context.fireChannelRead(data)
    }
}
