import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore

/// Listens within the limits of a configuration.
struct EdgeServer {
    let configuration: EdgeConfiguration
    let logger: Logger

    func application(
        _ router: Router<EdgeContext>, onStart: @escaping @Sendable (_ port: Int) async -> Void
    ) -> some ApplicationProtocol {
        let configuration = configuration
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(configuration)], idleTimeout: TimeAmount(configuration.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.headerLimit, maxHeaderListSize: configuration.headerLimit,
                maxHeaderFieldCount: configuration.headerCountLimit))
        let server =
            configuration.tls.map { tls in
                HTTPServerBuilder { responder in
                    try TLSChannel(HTTP1Channel(responder: responder, configuration: channel), tlsConfiguration: tls.configuration)
                }
            } ?? .http1(configuration: channel)
        return Application(
            router: EdgeRouter(router: router), server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil,
                availableConnectionsDelegate: .maximum(configuration.maximumConnections, logger: logger)),
            onServerRunning: { channel in await onStart(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
    }
}
