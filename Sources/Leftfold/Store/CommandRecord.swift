/// What the store keeps of a command, accepted or refused: its row of the journal, and what its id stands for.
public struct CommandRecord: Sendable {
    /// The command's name on the wire.
    public var name: String
    public var context: CommandContext
    /// What the command id stands for (I10). The store keeps its SHA-256, never the bytes.
    public var content: [UInt8]
    /// The epoch of the log that the command was decided in: its answer is written in no other. Nil: in any.
    public var epoch: LogEpoch?

    public init(name: String, context: CommandContext, content: [UInt8], epoch: LogEpoch? = nil) {
        self.name = name
        self.context = context
        self.content = content
        self.epoch = epoch
    }
}
