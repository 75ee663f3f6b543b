/// The answer to an accepted command.
public struct Receipt: Sendable, Equatable {
    public var stream: StreamName
    /// The stream's version after the command.
    public var version: StreamVersion
    /// Pass it to a query to read this write. The position of the command's last event; where the command changed
    /// nothing, the head of the log when that was decided.
    public var position: GlobalPosition

    public init(stream: StreamName, version: StreamVersion, position: GlobalPosition) {
        self.stream = stream
        self.version = version
        self.position = position
    }
}
