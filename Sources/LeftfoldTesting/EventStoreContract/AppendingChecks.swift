import Leftfold

extension EventStoreContract {
    static let appending: [Check] = [
        Check("an unknown stream is empty") { store in
            try expect(try await store.read(newStream()), [])
        },

        Check("versions are 1…n and positions are dense, within an append and across streams") { store in
            let (a, b) = (newStream(), newStream())
            let head = try await store.head()
            let answers = [
                try await store.accept(.events(noted(1...3), to: a)),
                try await store.accept(.events(noted(1...1), to: b)),
                try await store.accept(.events(noted(4...5), to: a)),
            ]
            try expect(answers.map(\.version), [3, 1, 5])
            try expect(answers.map(\.position), [3, 4, 6].map(head.advanced))
            try expect(try await store.head(), head.advanced(by: 6))

            let log = try await store.read(after: head, limit: 100)
            try expect(log.map(\.position), (1...6).map(head.advanced))
            try expect(log.map(\.stream), [a, a, a, b, a, a])
            try expect(log.map(\.version), [1, 2, 3, 1, 4, 5])
            try expect(try await store.read(a), log.filter { $0.stream == a })
            try expect(try await store.read(a).map(\.data), noted(1...5).map(\.data))
        },

        Check("an event carries the command that caused it, the conversation and the principal") { store in
            let stream = newStream()
            let append = Append.events(noted(1...2), to: stream)
            try await store.accept(append)
            for event in try await store.read(stream) {
                try expect(event.commandID, append.commandID)
                try expect(event.correlationID, append.command.context.correlationID)
                try expect(event.principal, append.command.context.principal.subject)
            }
        },

        Check("a stream is read in pages") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...7), to: stream))
            let all = try await store.read(stream)
            try expect(all.count, 7)
            try expect(try await store.read(stream, after: .zero, limit: 3), Array(all[0..<3]))
            try expect(try await store.read(stream, after: 3, limit: 3), Array(all[3..<6]))
            try expect(try await store.read(stream, after: 6, limit: 3), Array(all[6...]))
            try expect(try await store.read(stream, after: 7, limit: 3), [])
            try expect(try await store.read(stream, after: 99, limit: nil), [])
            try expect(try await store.read(stream, after: 5, limit: nil), Array(all[5...]))
            try expect(try await store.read(stream, after: .zero, limit: 0), [])
        },

        Check("the log is read in pages") { store in
            let head = try await store.head()
            for number in 1...7 { try await store.accept(.events(noted([number]), to: newStream())) }
            let all = try await store.read(after: head, limit: 7)
            try expect(all.map(\.position), (1...7).map(head.advanced))
            try expect(try await store.read(after: head, limit: 3), Array(all[0..<3]))
            try expect(try await store.read(after: head.advanced(by: 3), limit: 100), Array(all[3...]))
            try expect(try await store.read(after: head.advanced(by: 7), limit: 100), [])
            try expect(try await store.read(after: head.advanced(by: 99), limit: 100), [])
            try expect(try await store.read(after: head, limit: 0), [])
        },

        Check("expecting any version appends after whatever is there") { store in
            let stream = newStream()
            try expect(try await store.accept(.events(noted(1...2), to: stream, expected: .any)).version, 2)
            try expect(try await store.accept(.events(noted(3...3), to: stream, expected: .any)).version, 3)
        },

        Check("the expected version is the one accepted") { store in
            let stream = newStream()
            try expect(try await store.accept(.events(noted(1...2), to: stream, expected: .noStream)).version, 2)
            try expect(try await store.accept(.events(noted(3...3), to: stream, expected: .exactly(2))).version, 3)
        },

        Check("a wrong expected version is told and leaves nothing") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...2), to: stream))
            for expected in [ExpectedVersion.noStream, .exactly(1), .exactly(3)] {
                let claim = newClaim()
                let append = Append.events(
                    noted(3...3), to: stream, expected: expected, claims: .taking(claim))
                try await store.unchanged(stream, without: [append.commandID]) {
                    try expect(try await store.append(append), .wrongExpectedVersion(stream, actual: 2), "\(expected)")
                    try expect(try await store.holders(of: [claim]), [:])
                }
            }
            let other = newStream()
            try await store.unchanged(other) {
                try expect(
                    try await store.append(.events(noted(1...1), to: other, expected: .exactly(1))),
                    .wrongExpectedVersion(other, actual: .zero))
            }
        },

        Check("a command that met a wrong expected version may be sent again with a right one") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...1), to: stream))
            let append = Append.events(noted(2...2), to: stream, expected: .noStream)
            try expect(try await store.append(append), .wrongExpectedVersion(stream, actual: 1))
            let again = Append.events(noted(2...2), to: stream, expected: .exactly(1), id: append.commandID)
            try expect(try await store.accept(again).version, 2)
        },

        Check("an append without events is accepted at the head, with a journal row") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...2), to: stream))
            try await store.accept(.events(noted(1...1), to: newStream()))
            let head = try await store.head()
            for (target, version) in [(stream, StreamVersion(rawValue: 2)), (newStream(), .zero)] {
                let append = Append.events([], to: target, expected: .exactly(version))
                try await store.unchanged(target) {
                    try expect(try await store.append(append), .appended(Appended(target, at: version, position: head)))
                }
                let entry = try unwrap(try await store.journalEntry(for: append.commandID), "journal row")
                try expect(entry.outcome, .accepted)
                try expect(entry.version, version)
                try expect(entry.firstPosition, nil)
                try expect(entry.lastPosition, head)
            }
        },

        Check("an append without events meets a wrong expected version too") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...2), to: stream))
            try expect(
                try await store.append(.events([], to: stream, expected: .exactly(1))), .wrongExpectedVersion(stream, actual: 2))
        },

        Check("a stream may be long") { store in
            let stream = newStream()
            let head = try await store.head()
            for start in stride(from: 1, through: 1_500, by: 500) {
                try await store.accept(.events(noted(start..<(start + 500)), to: stream))
            }
            let all = try await store.read(stream)
            try expect(all.map(\.version.rawValue), Array(1...1_500))
            try expect(all.map(\.data), noted(1...1_500).map(\.data))
            try expect(try await store.read(after: head, limit: 2_000), all)
            try expect(try await store.read(stream, after: 1_499, limit: nil), [all[1_499]])
        },
    ]
}
