import Foundation
import Leftfold

extension EventStoreContract {
    static let concurrency: [Check] = [
        Check("of many who expect the same version, one wins") { store in
            let stream = newStream()
            for round in 0..<10 {
                let version = StreamVersion(rawValue: Int64(round))
                let answers = try await atOnce(16) { writer in
                    try await store.append(.events(noted([writer]), to: stream, expected: .exactly(version)))
                }
                let winners = answers.filter(\.isAppended)
                try expect(winners.count, 1, "winners of round \(round)")
                let losers = answers.filter { $0 == .wrongExpectedVersion(stream, actual: version.advanced(by: 1)) }
                try expect(losers.count, 15, "losers of round \(round)")
            }
            try expect(try await store.read(stream).map(\.version.rawValue), Array(1...10))
        },

        Check("many writers on one stream leave no hole") { store in
            let stream = newStream()
            let answers = try await atOnce(64) { writer in
                try await store.accept(.events(noted(0...(writer % 3)), to: stream)).version
            }
            let events = try await store.read(stream)
            try expect(events.map(\.version.rawValue), (1...events.count).map(Int64.init))
            try expect(events.count, (0..<64).map { $0 % 3 + 1 }.reduce(0, +))
            try expect(Set(answers).count, 64, "different answers")
        },

        Check("many writers on many streams leave dense positions, and each is told its own") { store in
            let head = try await store.head()
            let answers = try await atOnce(200) { writer in
                let stream = newStream()
                let append = Append.events(noted([writer, writer]), to: stream, expected: .noStream)
                return (append.commandID, stream, try await store.accept(append).position)
            }
            let log = try await store.read(after: head, limit: 1_000)
            try expect(log.map(\.position), (1...400).map(head.advanced))
            for (id, stream, position) in answers {
                let mine = log.filter { $0.commandID == id }
                try expect(mine.map(\.stream), [stream, stream])
                try expect(mine.map(\.version), [1, 2])
                try expect(mine.map(\.position), [GlobalPosition(rawValue: position.rawValue - 1), position])
            }
        },

        Check("one command sent many times at once has one effect and one answer") { store in
            let stream = newStream()
            let append = Append.events(noted(1...2), to: stream)
            let answers = try await atOnce(16) { _ in try await store.append(append) }
            let head = try await store.head()
            try expect(answers.filter { $0 == .appended(Appended(stream, at: 2, position: head)) }.count, 1)
            try expect(answers.filter { $0 == .acceptedBefore(Appended(stream, at: 2, position: head)) }.count, 15)
            try expect(try await store.read(stream).count, 2)
        },

        Check("of many who want one claim, one gets it") { store in
            let claim = newClaim()
            let answers = try await atOnce(32) { writer in
                try await store.append(
                    .events(
                        noted([writer]), to: newStream(), claims: .taking(claim)))
            }
            try expect(answers.filter { $0 == .claimTaken(claim) }.count, 31)
            try expect(try await store.holders(of: [claim]).count, 1)
        },

        Check("one refusal that is recorded many times at once is recorded once") { store in
            let refused = RefusedCommand.refusal(.rejected, code: "no", of: newStream())
            let answers = try await atOnce(16) { _ in try await store.record(refused) }
            try expect(answers.filter { $0 == .recorded }.count, 1)
            try expect(answers.filter { $0 == .refusedBefore(.rejected, code: "no") }.count, 15)
        },

        Check("commands that are refused do no harm to their neighbours") { store in
            let (stream, claim, known) = (newStream(), newClaim(), UUID())
            try await store.accept(
                .events(
                    noted([0]), to: stream, claims: .taking(claim), id: known, content: "one"))
            let head = try await store.head()
            let answers = try await atOnce(120) { writer -> AppendAnswer? in
                switch writer % 6 {
                case 0: return try await store.append(.events(noted([writer]), to: stream, expected: .noStream))
                case 1: return try await store.append(.events([], to: newStream(), claims: .taking(claim)))
                case 2: return try await store.append(.events(noted([writer]), to: stream, id: known, content: "two"))
                case 3:
                    try expect(try await store.record(.refusal(.denied, code: "forbidden", of: stream)), .recorded)
                    return nil
                case 4: return try await store.append(.events(noted([writer]), to: stream, id: known, content: "one"))
                default: return try await store.append(.events(noted([writer]), to: newStream(), expected: .noStream))
                }
            }
            func count(_ expected: AppendAnswer) -> Int { answers.filter { $0 == expected }.count }
            try expect(count(.wrongExpectedVersion(stream, actual: 1)), 20)
            try expect(count(.claimTaken(claim)), 20)
            try expect(count(.commandIDReused), 20)
            try expect(answers.filter { $0 == nil }.count, 20, "refusals")
            try expect(count(.acceptedBefore(Appended(stream, at: 1, position: head))), 20)
            let log = try await store.read(after: head, limit: 1_000)
            try expect(log.map(\.position), (1...20).map(head.advanced))
            try expect(try await store.read(stream).count, 1)
        },

        Check("a reader beside the writers sees the log grow without a hole") { store in
            let start = try await store.head()
            let total = 150
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<total {
                    group.addTask { _ = try await store.accept(.events(noted([writer]), to: newStream())) }
                }
                group.addTask {
                    var seen = start
                    while seen < start.advanced(by: total) {
                        try Task.checkCancellation()
                        for event in try await store.read(after: seen, limit: 40) {
                            try expect(event.position, seen.next, "the position after \(seen)")
                            seen = event.position
                        }
                        try expect(try await store.head() >= seen, true, "the head is not behind what was read")
                        await Task.yield()
                    }
                }
                for try await _ in group {}  // Unlike waitForAll, it cancels the others when one throws.
            }
        },
    ]

    static func atOnce<T: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> T
    ) async throws -> [T] {
        try await withThrowingTaskGroup(of: T.self) { group in
            for index in 0..<count { group.addTask { try await body(index) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
