import Foundation
import Leftfold

extension EventStoreContract {
    static let progress: [Check] = [
        Check("who takes a follower over is told where it is, and gets an epoch of its own") { store in
            let follower = try newFollower()
            try expect(try await store.takeOver(follower), Checkpoint(follower, at: .zero, epoch: 1))
            let second = try await store.takeOver(follower)
            try expect(second, Checkpoint(follower, at: .zero, epoch: 2))
            try await store.accept(try moving(second, to: 7, events: noted([1])))
            try expect(try await store.takeOver(follower), Checkpoint(follower, at: 7, epoch: 3))
            try expect(try await store.takeOver(try newFollower()).position, .zero)
        },

        Check("a checkpoint moves with the events, step by step") { store in
            var checkpoint = try await store.takeOver(try newFollower())
            for position in [3, 3, 10] as [GlobalPosition] {
                try await store.accept(try moving(checkpoint, to: position, events: noted([1])))
                checkpoint.position = position
            }
            try expect(try await store.takeOver(checkpoint.follower).position, 10)
        },

        Check("a checkpoint moves also where nothing came of the event") { store in
            var checkpoint = try await store.takeOver(try newFollower())
            let head = try await store.head()
            try await store.accept(try moving(checkpoint, to: 1, events: []))
            checkpoint.position = 1
            try expect(
                try await store.append(try .writes(progress: FollowerProgress(from: checkpoint, to: 2))), .appended(Appended([], at: head)))
            try expect(try await store.takeOver(checkpoint.follower).position, 2)
        },

        Check("a checkpoint that is elsewhere refuses the append, which leaves nothing") { store in
            let stream = newStream()
            let lost = try await store.takeOver(try newFollower())
            var checkpoint = try await store.takeOver(lost.follower)
            try await store.accept(try moving(checkpoint, to: 5, events: []))
            checkpoint.position = 5
            var (behind, ahead, taken, early) = (checkpoint, checkpoint, lost, checkpoint)
            (behind.position, ahead.position, taken.position, early.epoch) = (.zero, 6, 5, 3)
            let unknown = Checkpoint(try newFollower(), at: .zero, epoch: 1)
            for wrong in [behind, ahead, taken, early, lost, unknown] {
                let claim = newClaim()
                let append = try Append.writes(
                    StreamWrite(stream, expected: .noStream, events: noted([1]), claims: .taking(claim)),
                    progress: FollowerProgress(from: wrong, to: 9))
                try await store.unchanged(stream, without: [append.commandID]) {
                    try expect(try await store.append(append), .checkpointMoved, "\(wrong)")
                    try expect(try await store.holders(of: [claim]), [:])
                }
            }
            try expect(try await store.takeOver(checkpoint.follower), Checkpoint(checkpoint.follower, at: 5, epoch: 3))
            try expect(try await store.takeOver(unknown.follower), Checkpoint(unknown.follower, at: .zero, epoch: 1))
        },

        Check("an append that is refused for something else does not move the checkpoint") { store in
            let (stream, claim, tag) = (newStream(), newClaim(), newTag())
            let checkpoint = try await store.takeOver(try newFollower())
            let position = try await store.accept(.events(noted([1], tags: [tag]), to: newStream(), claims: .taking(claim))).position
            let progress = FollowerProgress(from: checkpoint, to: 3)
            try expect(
                try await store.append(
                    try .writes(StreamWrite(stream, expected: .exactly(1), events: noted([1])), progress: progress)),
                .wrongExpectedVersion(stream, actual: .zero))
            try expect(
                try await store.append(
                    try .writes(StreamWrite(stream, expected: .any, events: [], claims: .taking(claim)), progress: progress)),
                .claimTaken(claim))
            try expect(
                try await store.append(
                    try .writes(conditions: [AppendCondition(noEventMatching: .tagged(tag), after: .zero)], progress: progress)),
                .conditionFailed(at: position))
            try expect(try await store.takeOver(checkpoint.follower), Checkpoint(checkpoint.follower, at: .zero, epoch: 2))
        },

        Check("a moved checkpoint is told before a wrong version, and a known command before both") { store in
            let stream = newStream()
            var checkpoint = try await store.takeOver(try newFollower())
            let append = try moving(checkpoint, to: 3, events: noted([1]))
            let first = try await store.accept(append)
            try expect(
                try await store.append(
                    try .writes(
                        StreamWrite(stream, expected: .exactly(7), events: []), progress: FollowerProgress(from: checkpoint, to: 4))),
                .checkpointMoved)
            checkpoint.position = 3
            try await store.accept(try moving(checkpoint, to: 8, events: []))
            try expect(try await store.append(append), .acceptedBefore(first))
            try expect(try await store.takeOver(checkpoint.follower).position, 8)
        },

        Check("a follower may move in each link of a chain") { store in
            var checkpoint = try await store.takeOver(try newFollower())
            var chain: [Append] = []
            for position in [2, 5] as [GlobalPosition] {
                chain.append(try moving(checkpoint, to: position, events: noted([1])))
                checkpoint.position = position
            }
            chain.append(try moving(Checkpoint(checkpoint.follower, at: 4, epoch: checkpoint.epoch), to: 9, events: noted([1])))
            chain.append(try moving(checkpoint, to: 9, events: noted([1])))
            let answers = try await store.append(chain)
            try expect(answers.map(\.isAppended), [true, true, false, false])
            try expect(Array(answers[2...]), [.checkpointMoved, .predecessorNotAppended])
            try expect(try await store.takeOver(checkpoint.follower).position, 5)
        },

        Check("of many who move one checkpoint at once, one wins") { store in
            var checkpoint = try await store.takeOver(try newFollower())
            for round in 1...10 {
                let (from, to) = (checkpoint, GlobalPosition(rawValue: Int64(round)))
                let answers = try await atOnce(12) { writer in
                    try await store.append(try moving(from, to: to, events: noted([writer])))
                }
                try expect(answers.filter(\.isAppended).count, 1, "winners of round \(round)")
                try expect(answers.filter { $0 == .checkpointMoved }.count, 11, "losers of round \(round)")
                checkpoint.position = to
            }
        },

        Check("followers do not stand in each other's way") { store in
            let answers = try await atOnce(32) { writer in
                let checkpoint = try await store.takeOver(try newFollower())
                return try await store.append(try moving(checkpoint, to: 4, events: noted([writer])))
            }
            try expect(answers.filter(\.isAppended).count, 32)
        },
    ]

    private static func newFollower() throws -> FollowerName {
        try unwrap(FollowerName(rawValue: "contract.\(UUID().uuidString)"), "name of a follower")
    }

    private static func moving(_ checkpoint: Checkpoint, to position: GlobalPosition, events: [NewEvent]) throws -> Append {
        try .writes(
            StreamWrite(newStream(), expected: .noStream, events: events), progress: FollowerProgress(from: checkpoint, to: position))
    }
}
