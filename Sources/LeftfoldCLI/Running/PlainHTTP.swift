import Foundation
import NIOCore
import NIOPosix

/// One GET without TLS, for the health check of a container that has no curl. Not a client for anything else.
enum PlainHTTP {
    struct Problem: Error, CustomStringConvertible { let description: String }

    static func status(of path: String, host: String, port: Int, within limit: Duration) async -> Result<Int, Problem> {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.init(limit))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let bytes = try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: \(URLHost.text(host))\r\nConnection: close\r\n\r\n"))
                return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
                    group.addTask {
                        var received = ByteBuffer()
                        for try await part in inbound {
                            received.writeImmutableBuffer(part)
                            if received.readableBytes >= 12 { break }
                        }
                        return received
                    }
                    group.addTask {
                        try await Task.sleep(for: limit)
                        throw Problem(description: "no answer within \(limit)")
                    }
                    let first = try await group.next() ?? ByteBuffer()
                    group.cancelAll()
                    return first
                }
            }
            let words = String(buffer: bytes).split(separator: " ")
            guard words.count > 1, let status = Int(words[1].prefix(3)) else { throw Problem(description: "the answer is not HTTP") }
            return .success(status)
        } catch let problem as Problem {
            return .failure(problem)
        } catch {
            return .failure(Problem(description: "\(URLHost.text(host)):\(port) cannot be reached"))
        }
    }
}
