import Foundation
import Leftfold

extension EventStoreContract {
    static let severalStreams: [Check] = [
        Check("events of one append for several streams are in the order of its writes, and each stream is told") { store in
            let (a, b, c) = (newStream(), newStream(), newStream())
            try await store.accept(.events(noted([0]), to: b))
            let head = try await store.head()
            let append = try Append.writes(
                StreamWrite(c, expected: .noStream, events: noted(1...2)), StreamWrite(a, expected: .any, events: noted([3])),
                StreamWrite(b, expected: .exactly(1), events: noted(4...5)))
            let appended = try await store.accept(append)
            try expect(appended.streams, [StreamProgress(c, at: 2), StreamProgress(a, at: 1), StreamProgress(b, at: 3)])
            try expect(appended.position, head.advanced(by: 5))
            let log = try await store.read(after: head, limit: 10)
            try expect(log.map(\.stream), [c, c, a, b, b])
            try expect(log.map(\.version), [1, 2, 1, 2, 3])
            try expect(log.map(\.position), (1...5).map(head.advanced))
            try expect(log.map(\.commandID), Array(repeating: append.commandID, count: 5))
        },

        Check("the journal shows the first stream that got events, and the positions of all") { store in
            let (a, b, c) = (newStream(), newStream(), newStream())
            try await store.accept(.events(noted(1...2), to: b))
            let head = try await store.head()
            let append = try Append.writes(
                StreamWrite(a, expected: .noStream, events: []), StreamWrite(b, expected: .exactly(2), events: noted(1...3)),
                StreamWrite(c, expected: .noStream, events: noted([4])))
            let appended = try await store.accept(append)
            try expect(appended.streams, [StreamProgress(b, at: 5), StreamProgress(c, at: 1)])
            let entry = try unwrap(try await store.journalEntry(for: append.commandID), "journal row")
            try expect(entry.stream, b.rawValue)
            try expect(entry.version, 5)
            try expect(entry.firstPosition, head.advanced(by: 1))
            try expect(entry.lastPosition, head.advanced(by: 4))
        },

        Check("a wrong version of any of its streams leaves nothing in all of them") { store in
            let (a, b) = (newStream(), newStream())
            try await store.accept(.events(noted(1...2), to: b))
            for expected in [ExpectedVersion.noStream, .exactly(1), .exactly(3)] {
                let claim = newClaim()
                let right = StreamWrite(a, expected: .noStream, events: noted([1]), claims: .taking(claim))
                let wrong = StreamWrite(b, expected: expected, events: noted([3]))
                for append in [try Append.writes(right, wrong), try Append.writes(wrong, right)] {
                    try await store.unchanged(a, b, without: [append.commandID]) {
                        try expect(try await store.append(append), .wrongExpectedVersion(b, actual: 2), "\(expected)")
                        try expect(try await store.holders(of: [claim]), [:])
                    }
                }
            }
        },

        Check("the first wrong version is told") { store in
            let (a, b) = (newStream(), newStream())
            try await store.accept(.events(noted(1...2), to: b))
            let (one, two) = (StreamWrite(a, expected: .exactly(7), events: []), StreamWrite(b, expected: .exactly(7), events: noted([1])))
            try expect(try await store.append(try .writes(one, two)), .wrongExpectedVersion(a, actual: .zero))
            try expect(try await store.append(try .writes(two, one)), .wrongExpectedVersion(b, actual: 2))
        },

        Check("a taken claim for any of its streams leaves nothing in all of them") { store in
            let (a, b, holder) = (newStream(), newStream(), newStream())
            let (taken, free, released) = (newClaim(), newClaim(), newClaim())
            try await store.accept(.events([], to: holder, claims: .taking(taken)))
            try await store.accept(.events(noted([0]), to: a, claims: .taking(released)))
            let fine = StreamWrite(a, expected: .exactly(1), events: noted([1]), claims: .taking(free, releasing: [released]))
            let refused = StreamWrite(b, expected: .noStream, events: noted([2]), claims: .taking(taken))
            for append in [try Append.writes(fine, refused), try Append.writes(refused, fine)] {
                try await store.unchanged(a, b, without: [append.commandID]) {
                    try expect(try await store.append(append), .claimTaken(taken))
                }
            }
            try expect(try await store.holders(of: [taken, free, released]), [taken: holder, released: a])
        },

        Check("a stream without events is held to its version") { store in
            let (a, b) = (newStream(), newStream())
            try await store.accept(.events(noted([1]), to: b))
            func append(_ expected: ExpectedVersion) throws -> Append {
                try .writes(StreamWrite(a, expected: .noStream, events: noted([1])), StreamWrite(b, expected: expected, events: []))
            }
            for wrong in [ExpectedVersion.noStream, .exactly(2)] {
                let append = try append(wrong)
                try await store.unchanged(a, b, without: [append.commandID]) {
                    try expect(try await store.append(append), .wrongExpectedVersion(b, actual: 1))
                }
            }
            try expect(try await store.accept(try append(.exactly(1))).streams, [StreamProgress(a, at: 1)])
        },

        Check("several streams without events are accepted at the head, and each is told, also when it is sent again") { store in
            let (a, b) = (newStream(), newStream())
            try await store.accept(.events(noted(1...2), to: b))
            let head = try await store.head()
            let append = try Append.writes(
                StreamWrite(a, expected: .noStream, events: []), StreamWrite(b, expected: .any, events: []))
            let first = Appended([StreamProgress(a, at: .zero), StreamProgress(b, at: 2)], at: head)
            try await store.unchanged(a, b) { try expect(try await store.append(append), .appended(first)) }
            let entry = try unwrap(try await store.journalEntry(for: append.commandID), "journal row")
            try expect(entry.outcome, .accepted)
            try expect(entry.stream, a.rawValue)
            try expect(entry.version, .zero)
            try expect(entry.firstPosition, nil)
            try expect(entry.lastPosition, head)
            try await store.accept(.events(noted([1]), to: a))
            try expect(try await store.append(append), .acceptedBefore(first))
        },

        Check("an append to no stream is accepted at the head, with a journal row, also when it is sent again") { store in
            try await store.accept(.events(noted([1]), to: newStream()))
            let head = try await store.head()
            let append = try Append.writes()
            try expect(try await store.append(append), .appended(Appended([], at: head)))
            let entry = try unwrap(try await store.journalEntry(for: append.commandID), "journal row")
            try expect(entry.outcome, .accepted)
            try expect(entry.stream, nil)
            try expect(entry.version, nil)
            try expect(entry.firstPosition, nil)
            try expect(entry.lastPosition, head)
            try await store.accept(.events(noted([1]), to: newStream()))
            try expect(try await store.append(append), .acceptedBefore(Appended([], at: head)))
            try expect(try await store.append(try .writes(id: append.commandID, content: "other")), .commandIDReused)
        },

        Check("an append names each of its streams once") { _ in
            let (a, b) = (newStream(), newStream())
            func write(_ stream: StreamName) -> StreamWrite { StreamWrite(stream, expected: .any, events: noted([1])) }
            do {
                _ = try Append.writes(write(a), write(b), write(a))
            } catch let repeated as RepeatedStream {
                return try expect(repeated, RepeatedStream(a))
            }
            throw ContractBroken(description: "two writes to one stream were not refused")
        },

        Check("a claim passes from one stream of an append to another") { store in
            let (a, b, claim) = (newStream(), newStream(), newClaim())
            try await store.accept(.events(noted([0]), to: a, claims: .taking(claim)))
            let gives = StreamWrite(a, expected: .exactly(1), events: noted([1]), claims: .releasing(claim))
            let takes = StreamWrite(b, expected: .noStream, events: noted([2]), claims: .taking(claim))
            try await store.accept(try .writes(takes, gives))
            try expect(try await store.holders(of: [claim]), [claim: b])
        },

        Check("two streams of one append do not get one claim") { store in
            let (a, b, claim) = (newStream(), newStream(), newClaim())
            let append = try Append.writes(
                StreamWrite(a, expected: .noStream, events: noted([1]), claims: .taking(claim)),
                StreamWrite(b, expected: .noStream, events: noted([2]), claims: .taking(claim)))
            try await store.unchanged(a, b, without: [append.commandID]) {
                try expect(try await store.append(append), .claimTaken(claim))
                try expect(try await store.holders(of: [claim]), [:])
            }
        },

        Check("a command for several streams that is sent again gets its first answer, whatever happened since") { store in
            let (a, b, c) = (newStream(), newStream(), newStream())
            let append = try Append.writes(
                StreamWrite(b, expected: .any, events: noted(1...2)), StreamWrite(a, expected: .noStream, events: noted([3])),
                StreamWrite(c, expected: .noStream, events: []))
            let first = try await store.accept(append)
            for stream in [a, b, c] { try await store.accept(.events(noted([4]), to: stream)) }
            try await store.unchanged(a, b, c) {
                try expect(try await store.append(append), .acceptedBefore(first))
                let other = try Append.writes(StreamWrite(a, expected: .any, events: []), id: append.commandID, content: "other")
                try expect(try await store.append(other), .commandIDReused)
                let refused = RefusedCommand.refusal(.rejected, code: "too_late", of: a, b, c, id: append.commandID)
                try expect(try await store.record(refused), .acceptedBefore(first))
            }
        },

        Check("links of a chain may write to several streams") { store in
            let (a, b, c) = (newStream(), newStream(), newStream())
            func link(_ streams: [StreamName], at versions: [StreamVersion]) throws -> Append {
                try Append(command(), zip(streams, versions).map { StreamWrite($0, expected: .exactly($1), events: noted([1])) })
            }
            let head = try await store.head()
            let chain = [
                try link([a, b], at: [0, 0]), try link([b, c], at: [1, 0]), try link([c, a], at: [1, 0]), try link([a, b], at: [1, 2]),
            ]
            try expect(
                try await store.append(chain),
                [
                    .appended(Appended([StreamProgress(a, at: 1), StreamProgress(b, at: 1)], at: head.advanced(by: 2))),
                    .appended(Appended([StreamProgress(b, at: 2), StreamProgress(c, at: 1)], at: head.advanced(by: 4))),
                    .wrongExpectedVersion(a, actual: 1), .predecessorNotAppended,
                ])
            try expect(try await store.read(after: head, limit: 10).map(\.stream), [a, b, b, c])
            for append in chain[2...] { try expect(try await store.journalEntry(for: append.commandID), nil, "journal row") }
        },

        Check("of many who write to overlapping streams at the same versions, one wins") { store in
            let streams = [newStream(), newStream(), newStream()]
            for round in 0..<10 {
                let version = ExpectedVersion.exactly(StreamVersion(rawValue: Int64(round)))
                let answers = try await atOnce(12) { writer in
                    let others = (1...2).map { streams[(writer + $0) % 3] }
                    return try await store.append(
                        try .writes(
                            StreamWrite(others[0], expected: version, events: noted([writer])),
                            StreamWrite(others[1], expected: version, events: noted([writer]))))
                }
                let winners = answers.compactMap { if case .appended(let appended) = $0 { appended } else { nil } }
                try expect(winners.count, 1, "winners of round \(round)")
                for stream in streams where !winners[0].streams.contains(where: { $0.stream == stream }) {
                    try await store.accept(.events(noted([0]), to: stream, expected: version))
                }
            }
        },

        Check("two streams that are always written together never differ for a reader of the log") { store in
            let (a, b) = (newStream(), newStream())
            let head = try await store.head()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    let (first, second) = number % 2 == 0 ? (a, b) : (b, a)
                    group.addTask {
                        try await store.accept(
                            try .writes(
                                StreamWrite(first, expected: .any, events: noted([number])),
                                StreamWrite(second, expected: .any, events: noted([number]))))
                    }
                }
                group.addTask {
                    var seen = 0
                    while seen < 80 {
                        try Task.checkCancellation()
                        let log = try await store.read(after: head, limit: 100)
                        let (ofA, ofB) = (log.filter { $0.stream == a }, log.filter { $0.stream == b })
                        try expect(ofA.map(\.commandID), ofB.map(\.commandID))
                        seen = log.count
                        await Task.yield()
                    }
                }
                for try await _ in group {}  // Unlike waitForAll, it cancels the others when one throws.
            }
        },
    ]
}
