import Foundation
import Leftfold

extension EventStoreContract {
    static let bytes: [Check] = [
        Check("data and metadata come back byte for byte") { store in
            let texts = [
                #"{}"#, #"{ "b" : 1,  "a":2 , "b":3 }"#, "{\n\"a\"\r\n:\t[ ]}", #"{"z":1,"a":2,"Z":3}"#,
                #"{"n":12345678901234567890123456789,"e":1E400,"d":1.10,"m":-0.0}"#,
                #"{"escaped":"\u00e9\n\/\"\\","zero":"\u0000"}"#, #"{"plain":"é e\#u{301} 🧵 ﷽ العربية \#u{200B}"}"#,
                #"{"$1":"';--","{}":["{","}",",\"",null]}"#,
            ]
            let stream = newStream()
            for text in texts {
                let data = Array(text.utf8)
                try await store.accept(
                    .events(
                        [NewEvent(type: "Noted", data: data)], to: stream, metadata: EventMetadata(json: data)))
            }
            let events = try await store.read(stream)
            try expect(events.map { String(decoding: $0.data, as: UTF8.self) }, texts)
            try expect(events.map(\.data), texts.map { Array($0.utf8) })
            try expect(events.map(\.metadata.json), texts.map { Array($0.utf8) })
        },

        Check("each append's metadata is on all of its events") { store in
            let stream = newStream()
            let metadata = EventMetadata(.init(correlationID: "conversation", causationID: "cause", principal: "ada"))
            try await store.accept(.events(noted(1...2), to: stream, metadata: metadata))
            for event in try await store.read(stream) {
                let fields = try event.metadata.fields()
                try expect(fields, .init(correlationID: "conversation", causationID: "cause", principal: "ada"))
            }
        },

        Check("an event may be large") { store in
            let stream = newStream()
            let large = Array((#"{"text":""# + String(repeating: "0123456789ä\\n", count: 16_000) + #""}"#).utf8)
            try expect(large.count > 200 * 1_024, true, "the event is larger than 200 KiB")
            try await store.accept(.events(noted([1]) + [NewEvent(type: "Noted", data: large)] + noted([3]), to: stream))
            let events = try await store.read(stream)
            try expect(events.map(\.data.count), [noted([1])[0].data.count, large.count, noted([3])[0].data.count])
            try expect(events[1].data == large, true, "the large event is unharmed")
        },

        Check("odd text does no harm in any field") { store in
            for text in oddTexts {
                let stream = try unwrap(StreamName(rawValue: "contract-\(UUID())\(text)"), "stream name for “\(text)”")
                let claim = Claim(text, "\(UUID())\(text)")
                let principal = "\(text)\(UUID())"
                var request = AppendRequest.events(
                    [NewEvent(type: EventType(text), data: Array("{}".utf8))], to: stream, expected: .noStream,
                    claims: ClaimChanges(released: [], taken: [claim]),
                    metadata: EventMetadata(.init(correlationID: text, causationID: text, principal: text)), content: text)
                request.commandName = text
                request.principal = principal
                request.tenant = text
                request.correlationID = text
                request.causationID = text
                try await store.accept(request)
                var refusal = request
                refusal.commandID = UUID()
                refusal.write = .refusal(.rejected, code: text)
                try expect(try await store.append(refusal), .refusalRecorded, "“\(text)”")

                let events = try await store.read(stream)
                try expect(events.map(\.type.name), [text])
                try expect(events.map(\.stream), [stream])
                try expect(try events.map { try $0.metadata.fields().principal }, [text])
                try expect(try await store.holders(of: [claim]), [claim: stream])
                try expect(
                    try await store.append(
                        .events(
                            [], to: newStream(), claims: ClaimChanges(released: [], taken: [claim]))), .claimTaken(claim))
                let entries = try await store.journal(JournalFilter(principal: principal, stream: stream.rawValue))
                try expect(entries.map(\.commandID), [refusal.commandID, request.commandID], "“\(text)”")
                try expect(entries.map(\.code), [text, nil])
                for entry in entries {
                    let texts = [entry.name, entry.tenant, entry.correlationID, entry.causationID]
                    try expect(texts, [text, text, text, text])
                }
                try expect(try await store.append(refusal), .refusedBefore(.rejected, code: text))
            }
        },

        Check("an empty text is not the same as none") { store in
            for (text, id) in [("", UUID()), (nil, UUID())] as [(String?, UUID)] {
                var request = AppendRequest.events([], to: newStream(), id: id)
                request.tenant = text
                request.causationID = text
                try await store.accept(request)
                let entry = try unwrap(try await store.journalEntry(for: id), "journal row")
                try expect(entry.tenant, text)
                try expect(entry.causationID, text)
            }
        },
    ]

    /// Each has broken some program's quoting, array literals, collation or terminal. Composed (NFC), because Swift
    /// takes texts for equal that differ only in composition, and databases do not.
    private static let oddTexts = [
        "", " ", "'", "''; DROP TABLE events; --", "\"", "\"\"", "\\", "\\'", "\\x00", "\\N", "$1", "$$", "%s%n", "NULL", "null",
        "{}", "{\"a\"}", "},{", ",\"", "a,b", "(a,b)", "[1]", "é", "ß", "İ", "日本語", "🧵👩‍👩‍👧", "العربية", "\u{202E}abc", "a\u{200B}b",
        "\u{FEFF}a", "\u{FFFD}", "\u{85}", "a-b-c", "-", "_", "%", "../..",
    ]
}
