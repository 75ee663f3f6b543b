import Foundation
import NIOCore
import NIOPosix

/// Bytes in, bytes out: to see what a well-behaved client never sends.
enum RawConnection {
    /// Sends the chunks and reads until the server closes.
    ///
    /// - Parameter thenEnds: whether the client says that it sends no more.
    static func exchange(port: Int?, _ chunks: [String], thenEnds: Bool = false) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "localhost", port: port ?? 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            for chunk in chunks { try? await outbound.write(ByteBuffer(string: chunk)) }
            if thenEnds { outbound.finish() }
            var received = ByteBuffer()
            do {
                for try await part in inbound { received.writeImmutableBuffer(part) }
            } catch is IOError {
                // A connection cut while we were still sending; what came before is what counts.
            }
            return String(buffer: received)
        }
    }

    /// Sends, waits for the first bytes of an answer, and resets the connection.
    static func reset(port: Int?, _ text: String) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "localhost", port: port ?? 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        // Closed without waiting for what is under way: a reset.
        try await (channel.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            for try await _ in inbound { break }
        }
    }
}
