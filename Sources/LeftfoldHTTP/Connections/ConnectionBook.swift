import Metrics
import NIOCore
import Synchronization

/// All connections of a listener: who they come from and what each is doing, so that those who do nothing make room for others.
///
/// What a connection does it notes in an atomic of its own; the lock is for opening and closing. When there is no room, who goes is
/// looked for among all, several at a time, so that a flood of new connections costs each of them little.
final class ConnectionBook: Sendable {
    /// What a connection is doing, in the order in which connections go.
    enum Phase: UInt64 {
        /// Nothing: it said nothing yet, or was answered. The longest first.
        case idle
        /// It has its last answer.
        case closing
        /// The headers of a request are on their way. The longest first.
        case header
        /// The body of a request is on its way. The slowest first.
        case body
        /// An answer is made or sent. It never goes.
        case working
        /// It was told to go.
        case leaving
    }

    final class Member: Sendable {
        fileprivate let number: UInt64
        fileprivate let address: ClientAddress
        fileprivate let leave: @Sendable () -> Void
        /// The phase, and since when in nanoseconds.
        fileprivate let mark: Atomic<UInt64>
        fileprivate let bodyBytes = Atomic(0)

        fileprivate init(_ number: UInt64, _ address: ClientAddress, _ leave: @escaping @Sendable () -> Void) {
            (self.number, self.address, self.leave) = (number, address, leave)
            mark = Atomic(Self.mark(.idle, .now()))
        }

        func enter(_ phase: Phase, at now: NIODeadline = .now()) {
            if phase == .body { bodyBytes.store(0, ordering: .relaxed) }
            mark.store(Self.mark(phase, now), ordering: .relaxed)
        }

        func took(_ bytes: Int) { bodyBytes.add(bytes, ordering: .relaxed) }

        fileprivate static func mark(_ phase: Phase, _ time: NIODeadline) -> UInt64 { time.uptimeNanoseconds & ~7 | phase.rawValue }
    }

    enum Admission {
        case admitted(Member)
        /// It may be told why.
        case refused(Member)
        /// There is no room to tell it anything.
        case turnedAway
    }

    private enum Scope: Hashable { case all, address(ClientAddress) }

    private struct Tally { var open = 0, leaving = 0 }

    private struct Candidate {
        let member: Member
        let mark: UInt64
    }

    private struct State {
        var members: [UInt64: Member] = [:]
        var leaving: Set<UInt64> = []
        var tallies: [ClientAddress: Tally] = [:]
        var next: UInt64 = 0
        /// Who goes next, the last first.
        var candidates: [Scope: (members: [Candidate], until: NIODeadline)] = [:]
    }

    private let maximum: Int
    private let maximumPerAddress: Int?
    private let state = Mutex(State())
    private let connections = Metrics.Gauge(label: "leftfold_http_connections")
    private let evicted = Metrics.Counter(label: "leftfold_http_connections_evicted")
    private let refused = Metrics.Counter(label: "leftfold_http_connections_refused")

    /// - Parameters:
    ///   - maximum: more than this are open only while others are closing, by a tenth at most.
    ///   - maximumPerAddress: of one client; nil: as many as of all.
    init(maximum: Int, maximumPerAddress: Int?) {
        self.maximum = max(1, maximum)
        self.maximumPerAddress = maximumPerAddress
    }

    var count: Int { state.withLock { $0.members.count } }

    /// Enters a connection, and makes room for it where there is none.
    ///
    /// - Parameter leave: tells it to go; called on any thread. It answers with ``spare(_:)`` if it is at work by then.
    func open(_ address: ClientAddress, leave: @escaping @Sendable () -> Void) -> Admission {
        let (admission, victim, count) = state.withLock { state -> (Admission, Member?, Int) in
            guard state.members.count < maximum + max(8, maximum / 10) else { return (.turnedAway, nil, state.members.count) }
            var victim: Member?
            var isRefused = false
            let tally = state.tallies[address] ?? Tally()
            if let maximumPerAddress, tally.open - tally.leaving >= maximumPerAddress {
                victim = pick(.address(address), &state)
                isRefused = victim == nil
            } else if state.members.count - state.leaving.count >= maximum {
                victim = pick(.all, &state)
                isRefused = victim == nil
            }
            let member = Member(state.next, address, leave)
            state.next += 1
            state.members[member.number] = member
            state.tallies[address, default: Tally()].open += 1
            if isRefused {
                state.leaving.insert(member.number)
                state.tallies[address]?.leaving += 1
            }
            return (isRefused ? .refused(member) : .admitted(member), victim, state.members.count)
        }
        connections.record(count)
        if let victim {
            evicted.increment()
            victim.leave()
        }
        if case .admitted = admission {} else { refused.increment() }
        return admission
    }

    func close(_ member: Member) {
        let count = state.withLock { state in
            guard state.members.removeValue(forKey: member.number) != nil else { return state.members.count }
            if var tally = state.tallies[member.address] {
                tally.open -= 1
                if state.leaving.remove(member.number) != nil { tally.leaving -= 1 }
                state.tallies[member.address] = tally.open > 0 ? tally : nil
            }
            return state.members.count
        }
        connections.record(count)
    }

    /// A member that was told to go had gone to work meanwhile, and stays.
    func spare(_ member: Member) {
        state.withLock { state in
            if state.leaving.remove(member.number) != nil { state.tallies[member.address]?.leaving -= 1 }
        }
    }

    // MARK: Who goes

    private func pick(_ scope: Scope, _ state: inout State) -> Member? {
        let now = NIODeadline.now()
        for isFresh in [false, true] {
            if isFresh { state.candidates[scope] = (candidates(scope, state, now), now + .milliseconds(100)) }
            while let known = state.candidates[scope], known.until > now, let next = known.members.last {
                state.candidates[scope]?.members.removeLast()
                guard state.members[next.member.number] != nil, !state.leaving.contains(next.member.number),
                    // Whoever did something since is not the one any more.
                    next.member.mark.compareExchange(
                        expected: next.mark, desired: Member.mark(.leaving, now), ordering: .relaxed
                    ).exchanged
                else { continue }
                state.leaving.insert(next.member.number)
                state.tallies[next.member.address]?.leaving += 1
                return next.member
            }
        }
        state.candidates[scope] = nil
        return nil
    }

    /// The next few to go, the very next one last.
    private func candidates(_ scope: Scope, _ state: State, _ now: NIODeadline) -> [Candidate] {
        var ranked: [(rank: (UInt64, UInt64), candidate: Candidate)] = []
        for (number, member) in state.members where !state.leaving.contains(number) {
            if case .address(let address) = scope, member.address != address { continue }
            let mark = member.mark.load(ordering: .relaxed)
            guard let phase = Phase(rawValue: mark & 7), phase != .working, phase != .leaving else { continue }
            let since = mark & ~7
            var order = since
            if phase == .body {
                let milliseconds = max(1, now.uptimeNanoseconds &- since) / 1_000_000 + 1
                order = UInt64(member.bodyBytes.load(ordering: .relaxed)) * 1000 / milliseconds
            }
            ranked.append(((phase.rawValue, order), Candidate(member: member, mark: mark)))
        }
        ranked.sort { $0.rank < $1.rank }
        return ranked.prefix(max(8, min(256, ranked.count / 16))).reversed().map(\.candidate)
    }
}
