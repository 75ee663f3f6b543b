/// Those who wait for their turn at a stream while somebody else decides their commands along with its own.
///
/// What is decided on an outcome that does not come true is no answer: they get their turn after all.
struct Passengers {
    typealias Waiting = Batcher<StreamName, any Deciding, Receipt>.Waiting

    private var fates: [(who: Waiting, fate: Fate)] = []
    private let links: [DecisionChain.Link]

    private enum Fate {
        case appended(index: Int)
        /// A no, which holds if this link is appended.
        case refused(any Error, after: Int)
        case undecided
    }

    init(_ waiting: [Waiting], joining chain: inout DecisionChain) {
        for who in waiting {
            if chain.isFull {
                fates.append((who, .undecided))
                continue
            }
            do {
                try who.item.decide(after: &chain)
                fates.append((who, .appended(index: chain.links.count - 1)))
            } catch is DecisionChain.OtherAggregate {
                fates.append((who, .undecided))
            } catch {
                fates.append((who, .refused(error, after: chain.links.count - 1)))
            }
        }
        links = chain.links
    }

    var all: [Waiting] { fates.map(\.who) }

    /// Returns those who still wait.
    func answer(_ answers: [AppendAnswer]) -> [Waiting] {
        fates.compactMap { who, fate in
            switch fate {
            case .appended(let index) where index < answers.count && answers[index] != .predecessorNotAppended:
                who.answer(Result { try links[index].receipt(for: answers[index]) })
            case .refused(let error, let index) where index < answers.count && answers[index].isAppended:
                who.answer(.failure(error))
            case .appended, .refused, .undecided: return who
            }
            return nil
        }
    }

    func fail(_ error: any Error) {
        for (who, _) in fates {
            who.answer(.failure(error is OutcomeUnknown ? OutcomeUnknown(who.item.record.context.commandID) : error))
        }
    }
}
