import Foundation
import Leftfold

extension EventStoreContract {
    static let bytes: [Check] = [
        Check("data comes back byte for byte") { store in
            let texts = [
                #"{}"#, #"{ "b" : 1,  "a":2 , "b":3 }"#, "{\n\"a\"\r\n:\t[ ]}", #"{"z":1,"a":2,"Z":3}"#,
                #"{"n":12345678901234567890123456789,"e":1E400,"d":1.10,"m":-0.0}"#,
                #"{"escaped":"\u00e9\n\/\"\\","zero":"\u0000"}"#, #"{"plain":"é e\#u{301} 🧵 ﷽ العربية \#u{200B}"}"#,
                #"{"$1":"';--","{}":["{","}",",\"",null]}"#,
            ]
            let stream = newStream()
            for text in texts {
                try await store.accept(.events([NewEvent(type: "Noted", data: Array(text.utf8))], to: stream))
            }
            let events = try await store.read(stream)
            try expect(events.map { String(decoding: $0.data, as: UTF8.self) }, texts)
            try expect(events.map(\.data), texts.map { Array($0.utf8) })
        },

        Check("an event has no metadata where there is nothing to say") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...2), to: stream))
            for event in try await store.read(stream) { try expect(event.metadata, nil) }
        },

        Check("the version of an event's shape and the trace are kept with it") { store in
            let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let (traced, untraced) = (newStream(), newStream())
            let events = [2, 1, 3].map { NewEvent(type: "Noted", version: $0, data: Array("{}".utf8)) }
            try await store.accept(.events(events, to: traced, traceparent: traceparent))
            try await store.accept(.events(events, to: untraced))
            let (first, second) = (try await store.read(traced), try await store.read(untraced))
            try expect(first.map { $0.metadata?.version }, [2, 1, 3])
            try expect(first.map { $0.metadata?.traceparent }, [traceparent, traceparent, traceparent])
            try expect(second.map { $0.metadata?.version }, [2, nil, 3])
            try expect(second.map { $0.metadata?.traceparent }, [nil, nil, nil])
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
                let tag = Tag(rawValue: "\(UUID())\(text)")
                let principal = "\(text)\(UUID())"
                func odd(_ id: UUID) -> CommandRecord {
                    CommandRecord(
                        name: text,
                        context: CommandContext(
                            commandID: id, principal: Principal(subject: principal), correlationID: text, causationID: text),
                        content: Array(text.utf8))
                }
                let append = Append(
                    odd(UUID()),
                    StreamWrite(
                        stream, expected: .noStream,
                        events: [NewEvent(type: EventType(text), data: Array("{}".utf8), tags: Set([tag].compactMap(\.self)))],
                        claims: .taking(claim)))
                try await store.accept(append)
                let refusal = RefusedCommand(odd(UUID()), for: [stream], .rejected, code: text)
                try expect(try await store.record(refusal), .recorded, "“\(text)”")

                let events = try await store.read(stream)
                try expect(events.map(\.type.rawValue), [text])
                try expect(events.map(\.stream), [stream])
                try expect(events.map(\.principal), [principal])
                try expect(events.map(\.correlationID), [text])
                if let tag { try expect(try await store.read(matching: .tagged(tag), after: .zero, limit: 2), events, "tag “\(tag)”") }
                try expect(try await store.holders(of: [claim]), [claim: stream])
                try expect(try await store.append(.events([], to: newStream(), claims: .taking(claim))), .claimTaken(claim))
                let entries = try await store.journal(JournalFilter(principal: principal, stream: stream.rawValue))
                try expect(entries.map(\.commandID), [refusal.command.context.commandID, append.commandID], "“\(text)”")
                try expect(entries.map(\.code), [text, nil])
                for entry in entries { try expect([entry.name, entry.correlationID, entry.causationID], [text, text, text]) }
                try expect(try await store.record(refusal), .refusedBefore(.rejected, code: text))
            }
        },

        Check("an empty text is not the same as none") { store in
            for cause in ["", nil] as [String?] {
                var record = command()
                record.context.causationID = cause
                record.context.correlationID = ""
                try await store.accept(Append(record, StreamWrite(newStream(), expected: .any, events: [])))
                let entry = try unwrap(try await store.journalEntry(for: record.context.commandID), "journal row")
                try expect(entry.causationID, cause)
                try expect(entry.correlationID, "")
            }
        },
    ]

    /// Each has broken some program's quoting, array literals, collation or terminal. Composed (NFC), because Swift
    /// takes texts for equal that differ only in composition, and databases do not.
    private static let oddTexts = [
        " ", "'", "''; DROP TABLE events; --", "\"", "\"\"", "\\", "\\'", "\\x00", "\\N", "$1", "$$", "%s%n", "NULL", "null",
        "{}", "{\"a\"}", "},{", ",\"", "a,b", "(a,b)", "[1]", "é", "ß", "İ", "日本語", "🧵👩‍👩‍👧", "العربية", "\u{202E}abc", "a\u{200B}b",
        "\u{FEFF}a", "\u{FFFD}", "\u{85}", "a-b-c", "-", "_", "%", "../..",
    ]
}
