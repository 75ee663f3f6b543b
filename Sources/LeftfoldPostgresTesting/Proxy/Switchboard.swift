import Synchronization

/// What the connections of a proxy have in common: the rules, what was seen, and one another.
final class Switchboard: Sendable {
    private struct State {
        var rules: [Rule] = []
        var sightings: [Sighting] = []
        var links: [Int: Link] = [:]
        var accepted = 0
        var isSilent = false
        var refuses = false
    }

    private let state = Mutex(State())

    /// What to do at one message.
    struct Orders {
        var before: [Rule.Action] = []
        var inside: [Rule.Action] = []
        var after: [Rule.Action] = []
        var isDropped = false
    }

    // MARK: Messages

    func meet(_ message: Message, on link: Link) -> Orders {
        let application = link.application
        return state.withLock { state in
            var orders = Orders()
            var outcome = Sighting.Outcome.passed
            for index in state.rules.indices where state.rules[index].meets(message.type, of: application) {
                let rule = state.rules[index]
                switch rule.action {
                case .drop: orders.isDropped = true
                case let action:
                    switch rule.point {
                    case .before: orders.before.append(action)
                    case .inside: orders.inside.append(action)
                    case .after: orders.after.append(action)
                    }
                }
                outcome = rule.action.outcome
            }
            state.rules.removeAll(where: \.isDone)
            state.sightings.append(
                Sighting(connection: link.number, application: application, type: message.type, outcome: outcome))
            return orders
        }
    }

    func add(_ rules: [Rule]) { state.withLock { $0.rules += rules } }

    var sightings: [Sighting] { state.withLock { $0.sightings } }

    func forgetSightings() { state.withLock { $0.sightings = [] } }

    // MARK: Connections

    /// Gives out a number, and takes in the connection unless connections are refused.
    func register(_ make: (Int) -> Link) -> Link? {
        state.withLock { state in
            if state.refuses { return nil }
            state.accepted += 1
            let link = make(state.accepted)
            state.links[link.number] = link
            if state.isSilent { link.gate.silence() }
            return link
        }
    }

    func unregister(_ link: Link) { state.withLock { $0.links[link.number] = nil } }

    func refuse() { state.withLock { $0.refuses = true } }

    func silence() {
        for link in state.withLock({ state in
            state.isSilent = true
            return Array(state.links.values)
        }) { link.gate.silence() }
    }

    func heal() {
        for link in state.withLock({ state in
            state.isSilent = false
            state.refuses = false
            state.rules = []
            return Array(state.links.values)
        }) { link.gate.heal() }
    }

    func cut() {
        for link in state.withLock({ Array($0.links.values) }) { link.cut() }
    }
}

extension Rule.Action {
    fileprivate var outcome: Sighting.Outcome {
        switch self {
        case .cut: .cut
        case .silence: .silenced
        case .delay: .delayed
        case .drop: .dropped
        }
    }
}
