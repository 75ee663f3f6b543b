import Hummingbird

/// F4: what the HTTP library answers when there is nothing to do.
enum BareServer {
    static func application(onStart: @escaping @Sendable (Int) async -> Void) -> some ApplicationProtocol {
        let router = Router()
        router.get("/") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: #"{"live":true}"#)))
        }
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0), serverName: nil),
            onServerRunning: { channel in await onStart(channel.localAddress?.port ?? 0) }, logger: Console.logger)
    }
}
