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
            let request = fullRequest(to: stream, AppendRequest.events(noted(1...3), to: stream).write)
            try await store.accept(request)
            let entry = try unwrap(try await store.journalEntry(for: request.commandID), "journal row")
            try expectSame(entry, request)
            try expect(entry.outcome, .accepted)
            try expect(entry.code, nil)
            try expect(entry.version, 3)
            try expect(entry.firstPosition, head.advanced(by: 1))
            try expect(entry.lastPosition, head.advanced(by: 3))
        },

        Check("every kind of refusal is on record, and leaves no event") { store in
            for outcome in Outcome.allCases where outcome != .accepted {
                let stream = newStream()
                let request = fullRequest(to: stream, .refusal(outcome, code: "some_code"))
                try await store.unchanged(stream) { try expect(try await store.append(request), .refusalRecorded) }
                let entry = try unwrap(try await store.journalEntry(for: request.commandID), "journal row")
                try expectSame(entry, request)
                try expect(entry.outcome, outcome)
                try expect(entry.code, "some_code")
                try expect(entry.version, nil)
                try expect(entry.firstPosition, nil)
                try expect(entry.lastPosition, nil)
            }
        },

        Check("a refusal may come before the stream is known") { store in
            let request = AppendRequest.refusal(.invalid, code: "malformed_json", of: nil)
            try expect(try await store.append(request), .refusalRecorded)
            let entry = try unwrap(try await store.journalEntry(for: request.commandID), "journal row")
            try expect(entry.stream, nil)
            try expect(entry.causationID, nil)
            try expect(entry.tenant, nil)
        },

        Check("the journal is read newest first, filtered and bounded") { store in
            let stream = newStream()
            let (me, other) = ("me \(UUID())", "other \(UUID())")
            var ids: [UUID] = []
            for (index, principal) in [me, other, me, me].enumerated() {
                var request =
                    index == 2
                    ? AppendRequest.refusal(.rejected, code: "no", of: newStream())
                    : AppendRequest.events(noted([index]), to: stream)
                request.principal = principal
                ids.append(request.commandID)
                _ = try await store.append(request)
            }
            func found(_ filter: JournalFilter) async throws -> [UUID] { try await store.journal(filter).map(\.commandID) }

            try expect(try await found(JournalFilter(limit: 4)), [ids[3], ids[2], ids[1], ids[0]])
            try expect(try await found(JournalFilter(limit: 2)), [ids[3], ids[2]])
            try expect(try await found(JournalFilter(principal: me)), [ids[3], ids[2], ids[0]])
            try expect(try await found(JournalFilter(principal: me, limit: 2)), [ids[3], ids[2]])
            try expect(try await found(JournalFilter(stream: stream.rawValue)), [ids[3], ids[1], ids[0]])
            try expect(try await found(JournalFilter(outcome: .rejected, principal: me)), [ids[2]])
            try expect(try await found(JournalFilter(outcome: .accepted, principal: me)), [ids[3], ids[0]])
            try expect(
                try await found(JournalFilter(outcome: .accepted, principal: other, stream: stream.rawValue)), [ids[1]])
            try expect(try await found(JournalFilter(principal: "nobody \(UUID())")), [])
        },
    ]

    private static func fullRequest(to stream: StreamName, _ write: AppendRequest.Write) -> AppendRequest {
        AppendRequest(
            commandID: UUID(), content: Array("secret".utf8), commandName: "Note", principal: "ada", tenant: "engines",
            correlationID: "conversation-1", causationID: "cause-1",
            receivedAt: Date(timeIntervalSince1970: 1_750_000_000.25), stream: stream, write: write)
    }

    private static func expectSame(_ entry: JournalEntry, _ request: AppendRequest) throws {
        try expect(entry.commandID, request.commandID)
        try expect(entry.name, request.commandName)
        try expect(entry.principal, request.principal)
        try expect(entry.tenant, request.tenant)
        try expect(entry.correlationID, request.correlationID)
        try expect(entry.causationID, request.causationID)
        try expect(entry.stream, request.stream?.rawValue)
        try expect(abs(entry.receivedAt.timeIntervalSince(request.receivedAt)) < 0.001, true, "received at that time")
    }
}
