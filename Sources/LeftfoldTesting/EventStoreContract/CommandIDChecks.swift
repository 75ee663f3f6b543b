import Foundation
import Leftfold

extension EventStoreContract {
    static let commandIDs: [Check] = [
        Check("a command sent again gets its first answer, whatever happened since") { store in
            let stream = newStream()
            let claim = newClaim()
            let append = Append.events(
                noted(1...2), to: stream, expected: .noStream, claims: .taking(claim))
            let first = try await store.accept(append)
            try await store.accept(
                .events(
                    noted(3...3), to: stream, claims: .releasing(claim)))
            try await store.accept(.events(noted(1...1), to: newStream(), claims: .taking(claim)))
            try await store.unchanged(stream) {
                for _ in 1...2 {
                    try expect(
                        try await store.append(append), .acceptedBefore(first))
                }
            }
        },

        Check("an empty append sent again gets its first answer") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...1), to: stream))
            let append = Append.events([], to: stream, expected: .exactly(1))
            let first = try await store.accept(append)
            try await store.accept(.events(noted(2...2), to: stream))
            try expect(try await store.append(append), .acceptedBefore(first))
        },

        Check("an accepted command cannot be refused afterwards") { store in
            let stream = newStream()
            let append = Append.events(noted(1...1), to: stream)
            let first = try await store.accept(append)
            let refusal = RefusedCommand.refusal(.rejected, code: "too_late", of: stream, id: append.commandID)
            try expect(try await store.record(refusal), .acceptedBefore(first))
            try expect(try await store.journalEntry(for: append.commandID)?.outcome, .accepted)
        },

        Check("an accepted command that changed nothing cannot be refused afterwards") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...2), to: stream))
            let append = Append.events([], to: stream, expected: .exactly(2))
            let first = try await store.accept(append)
            try await store.accept(.events(noted([3]), to: stream))
            let refusal = RefusedCommand.refusal(.conflict, code: "too_late", of: stream, id: append.commandID)
            try expect(try await store.record(refusal), .acceptedBefore(first))
            try expect(try await store.journalEntry(for: append.commandID)?.outcome, .accepted)
        },

        Check("a command id with other content is refused and leaves nothing") { store in
            let stream = newStream()
            let id = UUID()
            try await store.accept(.events(noted(1...1), to: stream, id: id, content: "one"))
            let entry = try await store.journalEntry(for: id)
            try await store.unchanged(stream) {
                for content in ["two", "on", "one ", "", "One", "one\u{0}"] {
                    let other = Append.events(noted(2...2), to: stream, id: id, content: content)
                    try expect(try await store.append(other), .commandIDReused, "content “\(content)”")
                    let refusal = RefusedCommand.refusal(.denied, code: "forbidden", of: stream, id: id, content: content)
                    try expect(try await store.record(refusal), .commandIDReused, "refusal of content “\(content)”")
                }
            }
            try expect(try await store.journalEntry(for: id), entry)
        },

        Check("a refused command stays refused, with its first code") { store in
            for kind in RefusalKind.allCases {
                let stream = newStream()
                let id = UUID()
                try expect(
                    try await store.record(.refusal(kind, code: "first_code", of: stream, id: id)), .recorded)
                try await store.unchanged(stream) {
                    try expect(
                        try await store.append(.events(noted(1...1), to: stream, id: id)),
                        .refusedBefore(kind, code: "first_code"))
                    try expect(
                        try await store.record(.refusal(.failed, code: "second_code", of: stream, id: id)),
                        .refusedBefore(kind, code: "first_code"))
                    try expect(
                        try await store.append(.events(noted(1...1), to: stream, id: id, content: "other")), .commandIDReused)
                }
            }
        },

        Check("ids that differ in one bit are different commands") { store in
            let stream = newStream()
            let id = UUID()
            var bytes = id.uuid
            bytes.15 ^= 1
            try await store.accept(.events(noted(1...1), to: stream, id: id))
            try expect(try await store.accept(.events(noted(2...2), to: stream, id: UUID(uuid: bytes))).version, 2)
        },
    ]
}
