/// Those who wait for their turn at a stream while somebody else decides their commands along with its own.
///
/// What is decided on an outcome that does not come true is no answer: they get their turn after all.
struct Followers {
    private var fates: [(who: StreamTurns.Waiting, fate: Fate)] = []
    private let links: [DecisionChain.Link]

    private enum Fate {
        case requested(index: Int)
        /// A no, which holds if this request is appended.
        case refused(any Error, after: Int)
        case undecided
    }

    init(_ waiting: [StreamTurns.Waiting], joining chain: inout DecisionChain) {
        for who in waiting {
            if chain.isFull {
                fates.append((who, .undecided))
                continue
            }
            do {
                try who.decision.decide(after: &chain)
                fates.append((who, .requested(index: chain.links.count - 1)))
            } catch is DecisionChain.OtherAggregate {
                fates.append((who, .undecided))
            } catch {
                fates.append((who, .refused(error, after: chain.links.count - 1)))
            }
        }
        links = chain.links
    }

    var all: [StreamTurns.Waiting] { fates.map(\.who) }

    /// Returns those who still wait.
    func answer(_ results: [AppendResult], of stream: StreamName) -> [StreamTurns.Waiting] {
        fates.compactMap { who, fate in
            switch fate {
            case .requested(let index) where index < results.count && results[index] != .predecessorNotAppended:
                who.answer(Result { try results[index].receipt(for: links[index], of: stream) })
            case .refused(let error, let index) where index < results.count && results[index].isAppended:
                who.answer(.failure(error))
            case .requested, .refused, .undecided: return who
            }
            return nil
        }
    }

    func fail(_ error: any Error) {
        for (who, _) in fates {
            who.answer(.failure(error is OutcomeUnknown ? OutcomeUnknown(who.decision.commandID) : error))
        }
    }
}
