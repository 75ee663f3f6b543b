/// For a command that needs an outside fact: fetches it, with whatever services it was given, and returns the command
/// with the fact in it. The decision itself stays pure.
///
/// It runs after authorization and validation and again on each retry, so it must be safe to repeat. A ``Refusal`` that
/// it throws is the command's answer.
public struct CommandHandler: Sendable {
    let command: any Command.Type
    /// A `Preparation` of that command.
    let preparation: any Sendable

    public init<C: Command>(for type: C.Type, _ prepare: @escaping @Sendable (C, CommandContext) async throws -> C) {
        command = type
        preparation = Preparation(run: prepare)
    }
}

struct Preparation<C: Command>: Sendable {
    let run: @Sendable (C, CommandContext) async throws -> C
}
