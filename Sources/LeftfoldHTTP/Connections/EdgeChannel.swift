import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// A connection of the edge: HTTP/1.1 behind a ``ConnectionGuard``, with large bodies in turn.
struct EdgeChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: Responder
    private let configuration: EdgeConfiguration
    private let origins: AllowedOrigins
    private let book: ConnectionBook
    private let direct: DirectAnswers?

    init(
        _ configuration: EdgeConfiguration, _ book: ConnectionBook, _ largeBodies: LargeBodies, _ direct: DirectAnswers?,
        responder: @escaping Responder
    ) {
        (self.configuration, self.book, self.direct) = (configuration, book, direct)
        origins = AllowedOrigins(configuration.allowedOrigins)
        self.responder = { request, writer, channel in
            guard let body = AttendedBody(request, largeBodies, channel) else { return try await responder(request, writer, channel) }
            defer { body.visit.leave() }
            var request = request
            request.body = RequestBody(asyncSequence: body)
            try await responder(request, writer, channel)
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = configuration.headerLimit
            limits.maxHeaderListSize = configuration.headerLimit
            limits.maxHeaderFieldCount = configuration.headerCountLimit
            #if os(Linux)
                // TCP_USER_TIMEOUT: a peer that is gone without a word must not hold what it has, such as the place of an event stream.
                let patience = Int(min(configuration.requestDeadline, .seconds(3600)) / .milliseconds(1))
                try? channel.syncOptions?.setOption(
                    ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: 18)), value: patience)
            #endif
            let pipeline = channel.pipeline.syncOperations
            let connection = ConnectionGuard(configuration, origins, book)
            try pipeline.addHandler(FirstBytes(connection))
            // Requests are answered in order by whoever reads them; errors are the guard's; fields cannot be ill-formed.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            try pipeline.addHandler(connection)
            if let direct { try pipeline.addHandler(DirectAnswerHandler(direct)) }
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: configuration.tls != nil))
            return try NIOAsyncChannel(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
