import Foundation
import Leftfold

/// Draws appends that often fit what is in the store, and often do not.
struct RandomWork {
    let streams = (1...6).map { StreamName(rawValue: "comparison-\($0)") }.compactMap(\.self)
    let claims = (1...4).map { Claim("seat", "\($0)") }
    private let tags = (1...4).map { "tag:\($0)" as Tag }
    private let types: [EventType] = ["Taken", "Given", "Noted"]
    private let followers: [FollowerName] = ["mailer", "biller"]

    private var random: SeededGenerator
    private var versions: [StreamName: StreamVersion] = [:]
    private var head = GlobalPosition.zero
    private var checkpoints: [FollowerName: Checkpoint] = [:]
    private var sent: [Append] = []
    private var refused: [RefusedCommand] = []
    /// As they are to be by then, if all of the batch is appended.
    private var coming: [StreamName: StreamVersion] = [:]
    private var comingCheckpoints: [FollowerName: Checkpoint] = [:]

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// At most.
    var commandCount: Int { sent.count + refused.count }

    // MARK: Drawing

    mutating func batch() -> [[Append]] {
        (coming, comingCheckpoints) = (versions, checkpoints)
        return (0..<Int.random(in: 1...8, using: &random)).map { _ in
            let length = chance(60) ? 1 : Int.random(in: 2...5, using: &random)
            return (0..<length).map { _ in append() }
        }
    }

    mutating func refusals() -> [RefusedCommand] {
        (0..<Int.random(in: 0...2, using: &random)).map { _ in
            if chance(20), let before = refused.randomElement(using: &random) { return before }
            let command = chance(30) ? sent.randomElement(using: &random)?.command : nil
            let kind = RefusalKind.allCases.randomElement(using: &random) ?? .failed
            let refusal = RefusedCommand(
                command ?? record(), for: streams.filter { _ in chance(20) }, kind, code: chance(50) ? "no" : "never")
            refused.append(refusal)
            return refusal
        }
    }

    mutating func takeover() -> FollowerName? { chance(20) ? followers.randomElement(using: &random) : nil }

    mutating func position() -> GlobalPosition {
        chance(70)
            ? GlobalPosition(rawValue: max(0, head.rawValue - Int64.random(in: 0...3, using: &random)))
            : GlobalPosition(rawValue: Int64.random(in: 0...(head.rawValue + 2), using: &random))
    }

    mutating func query() -> EventQuery {
        func item() -> EventQuery.Item {
            EventQuery.Item(
                types: chance(50) ? Set(types.filter { _ in chance(40) }) : [], tags: chance(80) ? Set(tags.filter { _ in chance(35) }) : []
            )
        }
        return chance(70) ? EventQuery(item()) : EventQuery(item(), item())
    }

    private mutating func append() -> Append {
        if chance(8), let before = sent.randomElement(using: &random) { return before }
        var command = record()
        var writes = streams.shuffled(using: &random).prefix(numberOfWrites()).map { write(to: $0) }
        if chance(5), let before = sent.randomElement(using: &random) {
            command.context.commandID = before.commandID
        } else if chance(3), let before = refused.randomElement(using: &random) {
            command = before.command
        } else if chance(6), let before = sent.randomElement(using: &random) {
            command = before.command
            writes = decideAgain(before.writes, or: writes)
        }
        let conditions = chance(20) ? [AppendCondition(noEventMatching: query(), after: position())] : []
        let traceparent = chance(10) ? "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" : nil
        guard let append = try? Append(command, writes, conditions: conditions, progress: progress(), traceparent: traceparent) else {
            preconditionFailure("a stream was drawn twice")
        }
        sent.append(append)
        return append
    }

    /// A command that is sent again is decided on another state. What rests on streams is for the same streams; what rests on
    /// a query may be for any.
    private mutating func decideAgain(_ before: [StreamWrite], or others: [StreamWrite]) -> [StreamWrite] {
        if before.allSatisfy({ $0.expected == .any }) {
            return others.map { StreamWrite($0.stream, expected: .any, events: $0.events, claims: $0.claims) }
        }
        return before.map { write(to: $0.stream) }
    }

    private mutating func numberOfWrites() -> Int {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<5: 0
        case 5..<75: 1
        case 75..<93: 2
        default: 3
        }
    }

    private mutating func write(to stream: StreamName) -> StreamWrite {
        let known = coming[stream, default: .zero]
        let expected: ExpectedVersion =
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<15: .any
            case 15..<20: .noStream
            case 20..<25: .exactly(StreamVersion(rawValue: max(0, known.rawValue + Int64.random(in: -2...2, using: &random))))
            default: .exactly(known)
            }
        let count = chance(15) ? 0 : chance(70) ? 1 : Int.random(in: 2...3, using: &random)
        coming[stream] = known.advanced(by: count)
        return StreamWrite(stream, expected: expected, events: (0..<count).map { _ in event() }, claims: claimChanges())
    }

    private mutating func event() -> NewEvent {
        NewEvent(
            type: types.randomElement(using: &random) ?? "Noted", version: chance(10) ? 2 : 1,
            data: Array(#"{"number":\#(Int.random(in: 0...99, using: &random))}"#.utf8),
            tags: chance(30) ? Set(tags.filter { _ in chance(50) }) : [])
    }

    private mutating func claimChanges() -> ClaimChanges {
        if chance(75) { return .none }
        return ClaimChanges(released: claims.filter { _ in chance(30) }, taken: claims.filter { _ in chance(25) })
    }

    private mutating func progress() -> FollowerProgress? {
        guard chance(12), let follower = followers.randomElement(using: &random) else { return nil }
        var from = comingCheckpoints[follower] ?? Checkpoint(follower, at: .zero, epoch: 1)
        if chance(10) { from.epoch += 1 }
        if chance(10) { from.position = from.position.next }
        let to = GlobalPosition(rawValue: from.position.rawValue + Int64.random(in: 0...3, using: &random))
        comingCheckpoints[follower]?.position = to
        return FollowerProgress(from: from, to: to)
    }

    private mutating func record() -> CommandRecord {
        let id = uuid()
        return CommandRecord(
            name: "Note",
            context: CommandContext(
                commandID: id, principal: Principal(subject: "comparison"), correlationID: "conversation",
                causationID: chance(10) ? "cause" : nil, receivedAt: Date(timeIntervalSince1970: 1_750_000_000)),
            content: Array("content of \(id)".utf8))
    }

    private mutating func uuid() -> UUID {
        var id = UUID().uuid
        withUnsafeMutableBytes(of: &id) { bytes in
            for index in bytes.indices { bytes[index] = UInt8.random(in: .min ... .max, using: &random) }
        }
        return UUID(uuid: id)
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: Learning

    mutating func learn(_ answers: [[AppendAnswer]], of batch: [[Append]]) {
        for (append, answer) in zip(batch.joined(), answers.joined()) {
            guard case .appended(let appended) = answer else { continue }
            for progress in appended.streams { versions[progress.stream] = progress.version }
            head = max(head, appended.position)
            if let progress = append.progress { checkpoints[progress.from.follower]?.position = progress.to }
        }
    }

    mutating func learn(_ checkpoint: Checkpoint) { checkpoints[checkpoint.follower] = checkpoint }
}
