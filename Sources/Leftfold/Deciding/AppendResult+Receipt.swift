extension AppendResult {
    /// The answer to the command that decided this.
    func receipt(for link: DecisionChain.Link, of stream: StreamName) throws -> Receipt {
        switch self {
        case .appended(let version, let position), .acceptedBefore(let version, let position):
            return Receipt(stream: stream, version: version, position: position)
        case .refusedBefore(let outcome, let code): throw AnsweredBefore(recorded: outcome, code: code)
        case .commandIDReused: throw CommandIDReused(link.request.commandID)
        case .claimTaken(let claim): throw Rejected(taken: claim)
        case .wrongExpectedVersion(let actual): throw WrongExpectedVersion(stream: stream, expected: link.known, actual: actual)
        case .refusalRecorded, .predecessorNotAppended:
            throw WrongExpectedVersion(stream: stream, expected: link.known, actual: link.known)
        }
    }
}
