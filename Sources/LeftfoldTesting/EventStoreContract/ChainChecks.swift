import Foundation
import Leftfold

extension EventStoreContract {
    static let chains: [Check] = [
        Check("a chain is appended in order") { store in
            let stream = newStream()
            let head = try await store.head()
            let chain = (0..<5).map { link($0, to: stream) }
            let answers = try await store.append(chain)
            try expect(
                answers,
                (1...5).map { .appended(Appended(stream, at: StreamVersion(rawValue: Int64($0)), position: head.advanced(by: $0))) })
            try expect(try await store.read(stream).map(\.commandID), chain.map(\.commandID))
        },

        Check("no chain is no append") { store in
            let head = try await store.head()
            try expect(try await store.append([Append]()), [])
            try expect(try await store.head(), head)
        },

        Check("what follows in a chain is not appended without the one before it") { store in
            let (stream, claim) = (newStream(), newClaim())
            try await store.accept(.events([], to: newStream(), claims: .taking(claim)))
            var chain = (0..<4).map { link($0, to: stream) }
            chain[1] = .events(
                noted([1]), to: stream, expected: .exactly(1), claims: .taking(claim))
            let head = try await store.head()
            let answers = try await store.append(chain)
            try expect(
                answers,
                [
                    .appended(Appended(stream, at: 1, position: head.advanced(by: 1))), .claimTaken(claim), .predecessorNotAppended,
                    .predecessorNotAppended,
                ])
            try expect(try await store.read(stream).count, 1)
            for append in chain[1...] { try expect(try await store.journalEntry(for: append.commandID), nil, "journal row") }
        },

        // Another writer has brought the stream to just the version that the second one expects.
        Check("the right version is not enough for what follows in a chain") { store in
            let stream = newStream()
            try await store.accept(.events(noted([9]), to: stream))
            try await store.unchanged(stream) {
                try expect(
                    try await store.append([link(0, to: stream), link(1, to: stream)]),
                    [.wrongExpectedVersion(stream, actual: 1), .predecessorNotAppended])
            }
        },

        Check("what was answered before does not let anything follow") { store in
            let stream = newStream()
            let known = link(0, to: stream)
            let first = try await store.accept(known)
            try await store.unchanged(stream) {
                try expect(
                    try await store.append([known, link(1, to: stream)]),
                    [.acceptedBefore(first), .predecessorNotAppended])
            }
        },

        Check("a chain that is sent again is not appended again") { store in
            let stream = newStream()
            let chain = (0..<3).map { link($0, to: stream) }
            let first = try await store.append(chain)
            try await store.unchanged(stream) {
                for (again, before) in zip(try await store.append(chain), first) {
                    guard case .appended(let appended) = before else { throw ContractBroken(description: "\(before)") }
                    if again != .predecessorNotAppended { try expect(again, .acceptedBefore(appended)) }
                }
            }
        },

        Check("claims pass from link to link of a chain") { store in
            let (stream, first, second) = (newStream(), newClaim(), newClaim())
            func link(_ number: Int, releasing: [Claim], taking: [Claim]) -> Append {
                .events(
                    noted([number]), to: stream, expected: .exactly(StreamVersion(rawValue: Int64(number))),
                    claims: ClaimChanges(released: releasing, taken: taking))
            }
            let answers = try await store.append([
                link(0, releasing: [], taking: [first]), link(1, releasing: [first], taking: [second]),
                link(2, releasing: [second], taking: [first]), link(3, releasing: [first], taking: [first, second]),
            ])
            for answer in answers { guard case .appended = answer else { throw ContractBroken(description: "\(answer)") } }
            try expect(try await store.holders(of: [first, second]), [first: stream, second: stream])
        },

        Check("chains of many writers at once stay whole") { store in
            let head = try await store.head()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<40 {
                    group.addTask {
                        let stream = newStream()
                        let length = writer % 5 + 1
                        let answers = try await store.append((0..<length).map { link($0, to: stream) })
                        let versions = answers.map { answer -> Int64 in
                            if case .appended(let appended) = answer { appended.version?.rawValue ?? 0 } else { 0 }
                        }
                        try expect(versions, (1...length).map(Int64.init))
                    }
                }
                for try await _ in group {}  // Unlike waitForAll, it cancels the others when one throws.
            }
            try expect(try await store.head(), head.advanced(by: 8 * 15))
        },
    ]

    /// The number-th of a stream.
    private static func link(_ number: Int, to stream: StreamName) -> Append {
        .events(noted([number]), to: stream, expected: .exactly(StreamVersion(rawValue: Int64(number))))
    }
}
