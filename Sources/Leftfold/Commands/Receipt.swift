/// The answer to an accepted command.
public struct Receipt: Sendable, Equatable {
    /// The streams that it changed, and their versions after it. Where it changed nothing, those that it was decided on:
    /// none for a query.
    public var streams: [StreamProgress]
    /// Pass it to a query to read this write. The position of the command's last event; where the command changed
    /// nothing, the head of the log when that was decided.
    public var position: GlobalPosition
    /// The epoch of the log that the position is of; nil where the command named none.
    public var epoch: LogEpoch?

    public init(_ streams: [StreamProgress], at position: GlobalPosition, in epoch: LogEpoch? = nil) {
        self.streams = streams
        self.position = position
        self.epoch = epoch
    }

    /// For the usual single stream.
    public init(stream: StreamName, version: StreamVersion, position: GlobalPosition, epoch: LogEpoch? = nil) {
        self.init([StreamProgress(stream, at: version)], at: position, in: epoch)
    }

    /// The stream of the command; the first of several.
    public var stream: StreamName? { streams.first?.stream }
    /// The version of that stream after the command.
    public var version: StreamVersion? { streams.first?.version }
}
