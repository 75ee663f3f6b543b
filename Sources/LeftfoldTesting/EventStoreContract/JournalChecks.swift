import Foundation
import Leftfold

extension EventStoreContract {
    static let journal: [Check] = [
        Check("an unknown command has no journal row") { store in
            try expect(try await store.journalEntry(for: UUID()), nil)
        },

        Check("an accepted command's journal row tells all but its payload") { store in
            let stream = newStream()
            let head = try await store.head()
            let record = fullRecord()
            try await store.accept(Append(record, StreamWrite(stream, expected: .any, events: noted(1...3))))
            let entry = try unwrap(try await store.journalEntry(for: record.context.commandID), "journal row")
            try expectSame(entry, record, stream)
            try expect(entry.outcome, .accepted)
            try expect(entry.code, nil)
            try expect(entry.version, 3)
            try expect(entry.firstPosition, head.advanced(by: 1))
            try expect(entry.lastPosition, head.advanced(by: 3))
        },

        Check("every kind of refusal is on record, and leaves no event") { store in
            for kind in RefusalKind.allCases {
                let (stream, record) = (newStream(), fullRecord())
                let refused = RefusedCommand(record, for: [stream], kind, code: "some_code")
                try await store.unchanged(stream) { try expect(try await store.record(refused), .recorded) }
                let entry = try unwrap(try await store.journalEntry(for: record.context.commandID), "journal row")
                try expectSame(entry, record, stream)
                try expect(entry.outcome, .refused(kind))
                try expect(entry.code, "some_code")
                try expect(entry.version, nil)
                try expect(entry.firstPosition, nil)
                try expect(entry.lastPosition, nil)
            }
        },

        Check("a refusal may come before the stream is known") { store in
            let refused = RefusedCommand.refusal(.invalid, code: "malformed_json")
            try expect(try await store.record(refused), .recorded)
            let entry = try unwrap(try await store.journalEntry(for: refused.command.context.commandID), "journal row")
            try expect(entry.stream, nil)
            try expect(entry.causationID, nil)
        },

        Check("a refusal for several streams is found under the first") { store in
            let (one, two) = (newStream(), newStream())
            let refused = RefusedCommand.refusal(.rejected, code: "too_little_money", of: one, two)
            try expect(try await store.record(refused), .recorded)
            try expect(try await store.journalEntry(for: refused.command.context.commandID)?.stream, one.rawValue)
            try expect(
                try await store.journal(JournalFilter(stream: one.rawValue)).map(\.commandID), [refused.command.context.commandID])
        },

        Check("the journal is read newest first, filtered and bounded") { store in
            let stream = newStream()
            let (me, other) = ("me \(UUID())", "other \(UUID())")
            var ids: [UUID] = []
            for (index, principal) in [me, other, me, me].enumerated() {
                var record = command()
                record.context.principal.subject = principal
                ids.append(record.context.commandID)
                if index == 2 {
                    _ = try await store.record(RefusedCommand(record, for: [newStream()], .rejected, code: "no"))
                } else {
                    try await store.accept(Append(record, StreamWrite(stream, expected: .any, events: noted([index]))))
                }
            }
            func found(_ filter: JournalFilter) async throws -> [UUID] { try await store.journal(filter).map(\.commandID) }

            try expect(try await found(JournalFilter(limit: 4)), [ids[3], ids[2], ids[1], ids[0]])
            try expect(try await found(JournalFilter(limit: 2)), [ids[3], ids[2]])
            try expect(try await found(JournalFilter(principal: me)), [ids[3], ids[2], ids[0]])
            try expect(try await found(JournalFilter(principal: me, limit: 2)), [ids[3], ids[2]])
            try expect(try await found(JournalFilter(stream: stream.rawValue)), [ids[3], ids[1], ids[0]])
            try expect(try await found(JournalFilter(outcome: .refused(.rejected), principal: me)), [ids[2]])
            try expect(try await found(JournalFilter(outcome: .accepted, principal: me)), [ids[3], ids[0]])
            try expect(
                try await found(JournalFilter(outcome: .accepted, principal: other, stream: stream.rawValue)), [ids[1]])
            try expect(try await found(JournalFilter(principal: "nobody \(UUID())")), [])
        },

        // By the order of writing, which no clock tells: with several events, without any, refused; one by one and in chains.
        Check("the journal is in the order in which it was written") { store in
            let stream = newStream()
            var ids: [UUID] = []
            func command() -> CommandRecord {
                let record = LeftfoldTesting.command()
                ids.append(record.context.commandID)
                return record
            }
            func append(_ count: Int) -> Append {
                Append(command(), StreamWrite(stream, expected: .any, events: noted(0..<count)))
            }
            for _ in 1...2 {
                for count in [2, 0, 1, 0, 0, 3] { try await store.accept(append(count)) }
                _ = try await store.record(RefusedCommand(command(), for: [stream], .rejected, code: "no"))
                _ = try await store.append([append(0), append(2), append(0), append(1), append(1), append(0)])
                _ = try await store.record(RefusedCommand(command(), for: [], .invalid, code: "no"))
                try await store.accept(append(1))
            }
            try expect(try await store.journal(JournalFilter(limit: ids.count)).map(\.commandID), ids.reversed())
        },
    ]

    private static func fullRecord() -> CommandRecord {
        CommandRecord(
            name: "Note",
            context: CommandContext(
                principal: Principal(subject: "ada"), correlationID: "conversation-1", causationID: "cause-1",
                receivedAt: Date(timeIntervalSince1970: 1_750_000_000.25)),
            content: Array("secret".utf8))
    }

    private static func expectSame(_ entry: JournalEntry, _ record: CommandRecord, _ stream: StreamName) throws {
        try expect(entry.commandID, record.context.commandID)
        try expect(entry.name, record.name)
        try expect(entry.principal, record.context.principal.subject)
        try expect(entry.correlationID, record.context.correlationID)
        try expect(entry.causationID, record.context.causationID)
        try expect(entry.stream, stream.rawValue)
        try expect(abs(entry.receivedAt.timeIntervalSince(record.context.receivedAt)) < 0.001, true, "received at that time")
    }
}
