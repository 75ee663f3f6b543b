import Leftfold
import NIOCore

/// What is written into an event stream, in the form of the HTML standard (§9.2).
enum EventMessage {
    /// How long a browser waits before it connects again.
    static let opening = ByteBuffer(string: "retry: 1000\n\n")
    /// Keeps the connection alive, and finds out whether it is.
    static let heartbeat = ByteBuffer(string: ":\n\n")

    /// JSON as we encode it has no line ends.
    static func answer(_ json: [UInt8], _ id: EventID) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(json.count + 64)
        buffer.writeString("id: \(id)\ndata: ")
        buffer.writeBytes(json)
        buffer.writeString("\n\n")
        return buffer
    }

    /// The stream ends with it. Not named `error`, which browsers use for their own.
    ///
    /// - Parameter forgetting: the client's last id is of no use any more; an empty one takes its place.
    static func problem(_ problem: Problem, forgetting: Bool) -> ByteBuffer {
        var buffer = ByteBuffer(string: forgetting ? "id:\nevent: problem\ndata: " : "event: problem\ndata: ")
        buffer.writeBytes((try? StrictJSON.encode(problem)) ?? Array("{}".utf8))
        buffer.writeString("\n\n")
        return buffer
    }
}
