import Foundation
import Leftfold

extension EventStoreContract {
    static let commandIDs: [Check] = [
        Check("a command sent again gets its first answer, whatever happened since") { store in
            let stream = newStream()
            let claim = newClaim()
            let request = AppendRequest.events(
                noted(1...2), to: stream, expected: .noStream, claims: ClaimChanges(released: [], taken: [claim]))
            let first = try await store.accept(request)
            try await store.accept(
                .events(
                    noted(3...3), to: stream, claims: ClaimChanges(released: [claim], taken: [])))
            try await store.accept(.events(noted(1...1), to: newStream(), claims: ClaimChanges(released: [], taken: [claim])))
            try await store.unchanged(stream) {
                for _ in 1...2 {
                    try expect(
                        try await store.append(request), .acceptedBefore(version: first.version, position: first.position))
                }
            }
        },

        Check("an empty append sent again gets its first answer") { store in
            let stream = newStream()
            try await store.accept(.events(noted(1...1), to: stream))
            let request = AppendRequest.events([], to: stream, expected: .exactly(1))
            let first = try await store.accept(request)
            try await store.accept(.events(noted(2...2), to: stream))
            try expect(try await store.append(request), .acceptedBefore(version: first.version, position: first.position))
        },

        Check("an accepted command cannot be refused afterwards") { store in
            let stream = newStream()
            let request = AppendRequest.events(noted(1...1), to: stream)
            let first = try await store.accept(request)
            let refusal = AppendRequest.refusal(.rejected, code: "too_late", of: stream, id: request.commandID)
            try expect(try await store.append(refusal), .acceptedBefore(version: first.version, position: first.position))
            try expect(try await store.journalEntry(for: request.commandID)?.outcome, .accepted)
        },

        Check("a command id with other content is refused and leaves nothing") { store in
            let stream = newStream()
            let id = UUID()
            try await store.accept(.events(noted(1...1), to: stream, id: id, content: "one"))
            let entry = try await store.journalEntry(for: id)
            try await store.unchanged(stream) {
                for content in ["two", "on", "one ", "", "One", "one\u{0}"] {
                    let other = AppendRequest.events(noted(2...2), to: stream, id: id, content: content)
                    try expect(try await store.append(other), .commandIDReused, "content “\(content)”")
                    let refusal = AppendRequest.refusal(.denied, code: "forbidden", of: stream, id: id, content: content)
                    try expect(try await store.append(refusal), .commandIDReused, "refusal of content “\(content)”")
                }
            }
            try expect(try await store.journalEntry(for: id), entry)
        },

        Check("a refused command stays refused, with its first code") { store in
            for outcome in Outcome.allCases where outcome != .accepted {
                let stream = newStream()
                let id = UUID()
                try expect(
                    try await store.append(.refusal(outcome, code: "first_code", of: stream, id: id)), .refusalRecorded)
                try await store.unchanged(stream) {
                    try expect(
                        try await store.append(.events(noted(1...1), to: stream, id: id)),
                        .refusedBefore(outcome, code: "first_code"))
                    try expect(
                        try await store.append(.refusal(.failed, code: "second_code", of: stream, id: id)),
                        .refusedBefore(outcome, code: "first_code"))
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
