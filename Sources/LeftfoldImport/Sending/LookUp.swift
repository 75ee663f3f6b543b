import Leftfold

/// What the schedule must know from the store about a chunk of lines.
struct LookUp: Sendable {
    let store: any EventStore
    let history: ClaimHistory

    private static let readsAtOnce = 8

    struct Found: Sendable {
        var lines: [Schedule.Line] = []
        /// By the line's index.
        var histories: [Int: Set<Claim>] = [:]
        var holders: [Claim: StreamName] = [:]
    }

    /// - Parameter named: ``Schedule/namedByUnfinished``, taken when the schedule was opened for these lines.
    func look(_ lines: [ImportLine], named: Bundle<StreamName, Claim>) async throws -> Found {
        var found = Found()
        var claims: Set<Claim> = []
        for line in lines {
            let scheduled = line.command.map { Self.line(line.index, $0) } ?? Schedule.Line(index: line.index)
            found.lines.append(scheduled)
            claims.formUnion(scheduled.named)
            if let stream = scheduled.stream, scheduled.named.isEmpty { claims.formUnion(named[stream]) }
        }
        let nameless = zip(lines, found.lines).compactMap { line, scheduled in
            scheduled.named.isEmpty ? line.command.map { (line.index, $0) } : nil
        }
        found.histories = try await histories(nameless)
        for past in found.histories.values { claims.formUnion(past) }
        if !claims.isEmpty { found.holders = try await store.holders(of: Array(claims)) }
        return found
    }

    private func histories(_ commands: [(index: Int, command: any Command)]) async throws -> [Int: Set<Claim>] {
        try await withThrowingTaskGroup(of: (Int, Set<Claim>).self) { group in
            var histories: [Int: Set<Claim>] = [:]
            for (count, next) in commands.enumerated() {
                if count >= Self.readsAtOnce, let (index, claims) = try await group.next() { histories[index] = claims }
                group.addTask { (next.index, try await history.claims(of: next.command)) }
            }
            for try await (index, claims) in group { histories[index] = claims }
            return histories
        }
    }

    private static func line<C: Command>(_ index: Int, _ command: C) -> Schedule.Line {
        let command = command.normalized()
        return Schedule.Line(index: index, stream: command.target.streams.first, named: command.mayClaim)
    }
}
