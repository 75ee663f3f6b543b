import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore

/// Listens within the limits of a configuration.
struct EdgeServer {
    let configuration: EdgeConfiguration
    let logger: Logger

    /// - Parameter loops: what connections are served on; all threads unless given.
    func application(
        _ router: Router<EdgeContext>, direct: DirectAnswers? = nil, on loops: EventLoopGroupProvider = .singleton,
        onStart: @escaping @Sendable (_ port: Int) async -> Void
    ) -> some ApplicationProtocol {
        let configuration = configuration
        let room = OpenFiles.room(within: OpenFiles.limit)
        if configuration.maximumConnections > room {
            logger.warning(
                "There are to be more connections than the limit of open files has room for.",
                metadata: ["wanted": "\(configuration.maximumConnections)", "room": "\(room)"])
        }
        let book = ConnectionBook(
            maximum: min(configuration.maximumConnections, room), maximumPerAddress: configuration.maximumConnectionsPerAddress)
        let largeBodies = LargeBodies(
            above: configuration.largeBody, reading: configuration.largeBodiesRead, working: configuration.largeBodiesWorkedOn,
            patience: configuration.requestDeadline / 2)
        let server = HTTPServerBuilder { responder in
            let channel = EdgeChannel(configuration, book, largeBodies, direct, responder: responder)
            guard let tls = configuration.tls else { return channel }
            return try TLSChannel(channel, tlsConfiguration: tls.configuration)
        }
        return Application(
            router: EdgeRouter(router: router), server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil, backlog: 1024),
            onServerRunning: { channel in await onStart(channel.localAddress?.port ?? configuration.port) },
            eventLoopGroupProvider: loops, logger: logger)
    }
}
