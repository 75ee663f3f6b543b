import Leftfold
import Synchronization

/// Tokens whose signature was good, so that it is checked once and not with every request. Bounded: when the young half is
/// full, the old half goes. Their times are not trusted; whoever finds one checks them again.
final class VerifiedTokens: Sendable {
    struct Entry: Sendable {
        let principal: Principal
        let from: Double
        let until: Double
    }

    private struct Halves {
        var young: [String: Entry] = [:]
        var old: [String: Entry] = [:]
    }

    private let capacityOfHalf: Int
    private let halves = Mutex(Halves())

    init(capacity: Int) { capacityOfHalf = capacity / 2 }

    func find(_ token: String) -> Entry? {
        halves.withLock { halves in
            if let entry = halves.young[token] { return entry }
            guard let entry = halves.old.removeValue(forKey: token) else { return nil }
            halves.young[token] = entry
            return entry
        }
    }

    func keep(_ entry: Entry, for token: String) {
        halves.withLock { halves in
            if halves.young.count >= capacityOfHalf { halves = Halves(young: [:], old: halves.young) }
            halves.young[token] = entry
        }
    }
}
