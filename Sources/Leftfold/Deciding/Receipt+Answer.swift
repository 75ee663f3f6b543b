import Foundation

extension Receipt {
    /// The store's answer as the command's: its receipt, or the refusal that it means.
    init(_ answer: AppendAnswer, to append: Append) throws {
        switch answer {
        case .appended(let appended), .acceptedBefore(let appended):
            self.init(appended.streams, at: appended.position, in: append.command.epoch)
        case .refusedBefore(let kind, let code): throw AnsweredBefore(recorded: kind, code: code)
        case .commandIDReused: throw CommandIDReused(append.command.context.commandID)
        case .claimTaken(let claim): throw Rejected(taken: claim)
        case .conditionFailed(let position): throw ConditionFailed(at: position)
        case .wrongExpectedVersion(let stream, let actual):
            throw WrongExpectedVersion(stream: stream, expected: append.expected(of: stream) ?? actual, actual: actual)
        case .checkpointMoved, .predecessorNotAppended: throw UnexpectedAnswer(answer: answer)
        }
    }
}

extension Append {
    fileprivate func expected(of stream: StreamName) -> StreamVersion? {
        guard case .exactly(let version)? = writes.first(where: { $0.stream == stream })?.expected else { return nil }
        return version
    }
}

/// The store answered what cannot be the answer to what it was asked.
struct UnexpectedAnswer: Error, CustomStringConvertible {
    let answer: AppendAnswer
    var description: String { "the store answered \(answer), which does not fit the request" }
}

extension Rejected {
    fileprivate init(taken claim: Claim) {
        self.init(code: "\(claim.kind)_taken", message: "This \(claim.kind.replacingOccurrences(of: "_", with: " ")) is already in use.")
    }
}
