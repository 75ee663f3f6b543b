import Foundation
import Leftfold

extension EventStoreContract {
    static let conditions: [Check] = [
        Check("a condition holds until an event matches, whose position is told") { store in
            let (tag, stream) = (newTag(), newStream())
            let start = try await store.head()
            try await store.accept(try conditional(noted([1]), to: stream, .tagged(tag), after: start))
            try await store.accept(try conditional(noted([2], tags: [newTag()]), to: stream, .tagged(tag), after: start))
            let first = try await store.accept(.events(noted([3], tags: [tag]), to: newStream())).position
            try await store.accept(.events(noted([4], tags: [tag]), to: newStream()))
            let append = try conditional(noted([5]), to: stream, .tagged(tag), after: start)
            try await store.unchanged(stream, without: [append.commandID]) {
                try expect(try await store.append(append), .conditionFailed(at: first))
            }
        },

        Check("what is not after the position does not matter") { store in
            let tag = newTag()
            for number in 0..<3 {
                let matching = try await store.accept(.events(noted([number], tags: [tag]), to: newStream())).position
                let before = GlobalPosition(rawValue: matching.rawValue - 1)
                try expect(
                    try await store.append(try conditional(noted([number]), to: newStream(), .tagged(tag), after: before)),
                    .conditionFailed(at: matching))
                try await store.accept(try conditional(noted([number]), to: newStream(), .tagged(tag), after: matching))
            }
            try await store.accept(
                try conditional(noted([9]), to: newStream(), .tagged(tag), after: try await store.head().advanced(by: 1_000)))
        },

        Check("an item matches any of its types that carry all of its tags, and a condition any of its items") { store in
            let (a, b, c) = (newTag("a"), newTag("b"), newTag("c"))
            let start = try await store.head()
            let position = try await store.accept(
                .events([NewEvent(type: "Taken", data: Array("{}".utf8), tags: [a, b])], to: newStream())
            ).position
            typealias Item = EventQuery.Item
            let matching: [EventQuery] = [
                EventQuery(Item(tags: [a])), EventQuery(Item(tags: [b, a])), EventQuery(Item(types: ["Taken"], tags: [b])),
                EventQuery(Item(types: ["Noted", "Taken"], tags: [a, b])), EventQuery(Item(types: ["Noted", "Taken"])),
                EventQuery(Item(types: ["Taken"])), EventQuery(Item()), EventQuery(Item(tags: [c]), Item(tags: [b])),
                EventQuery(Item(types: ["Noted"]), Item(types: ["Taken"])),
                EventQuery(Item(tags: [a, c]), Item(types: ["Taken"], tags: [a])),
            ]
            for query in matching {
                let append = try conditional(noted([1]), to: newStream(), query, after: start)
                try expect(try await store.append(append), .conditionFailed(at: position), "\(query.items)")
            }
            let others: [EventQuery] = [
                EventQuery(Item(tags: [c])), EventQuery(Item(tags: [a, c])), EventQuery(Item(tags: [a, b, c])),
                EventQuery(Item(types: ["Given"])), EventQuery(Item(types: ["taken", "Take", "Taken "])),
                EventQuery(Item(types: ["Noted"], tags: [a])), EventQuery(Item(tags: [a, c]), Item(types: ["Noted"], tags: [b])),
            ]
            for query in others {
                try await store.accept(try conditional([], to: newStream(), query, after: start))
            }
        },

        Check("of several conditions each must hold") { store in
            let (a, b) = (newTag("a"), newTag("b"))
            let start = try await store.head()
            let position = try await store.accept(.events(noted([1], tags: [b]), to: newStream())).position
            func append(_ conditions: [AppendCondition]) throws -> Append {
                try .writes(StreamWrite(newStream(), expected: .any, events: noted([2])), conditions: conditions)
            }
            let (holds, fails) = (
                AppendCondition(noEventMatching: .tagged(a), after: start), AppendCondition(noEventMatching: .tagged(b), after: start)
            )
            try expect(try await store.append(try append([holds, fails])), .conditionFailed(at: position))
            try expect(try await store.append(try append([fails, holds])), .conditionFailed(at: position))
            try await store.accept(try append([holds, holds]))
        },

        Check("a command's own events do not count, and those of the chain before it do") { store in
            let (tag, stream) = (newTag(), newStream())
            let head = try await store.head()
            func link() throws -> Append { try conditional(noted([1], tags: [tag]), to: stream, .tagged(tag), after: head) }
            try expect(
                try await store.append([try link(), try link(), try link()]),
                [
                    .appended(Appended(stream, at: 1, position: head.advanced(by: 1))), .conditionFailed(at: head.advanced(by: 1)),
                    .predecessorNotAppended,
                ])
        },

        Check("a condition is asked also where there is no event to append") { store in
            let tag = newTag()
            let start = try await store.head()
            let position = try await store.accept(.events(noted([1], tags: [tag]), to: newStream())).position
            func nothing(after position: GlobalPosition) throws -> Append {
                try .writes(conditions: [AppendCondition(noEventMatching: .tagged(tag), after: position)])
            }
            let append = try nothing(after: start)
            try await store.unchanged(without: [append.commandID]) {
                try expect(try await store.append(append), .conditionFailed(at: position))
            }
            try expect(try await store.append(try nothing(after: position)), .appended(Appended([], at: position)))
        },

        Check("a command whose condition failed may be sent again with a later position") { store in
            let (tag, stream) = (newTag(), newStream())
            let start = try await store.head()
            let position = try await store.accept(.events(noted([1], tags: [tag]), to: newStream())).position
            let id = UUID()
            try expect(
                try await store.append(try conditional(noted([2]), to: stream, .tagged(tag), after: start, id: id)),
                .conditionFailed(at: position))
            let append = try conditional(noted([2]), to: stream, .tagged(tag), after: position, id: id)
            let first = try await store.accept(append)
            try await store.accept(.events(noted([3], tags: [tag]), to: newStream()))
            try expect(try await store.append(append), .acceptedBefore(first))
        },

        Check("a wrong version is told before a failed condition, and that before a taken claim") { store in
            let (tag, stream, claim) = (newTag(), newStream(), newClaim())
            let start = try await store.head()
            let position = try await store.accept(.events(noted([1], tags: [tag]), to: newStream(), claims: .taking(claim))).position
            func append(expected: ExpectedVersion, after position: GlobalPosition) throws -> Append {
                try conditional(noted([2]), to: stream, expected: expected, .tagged(tag), after: position, claims: .taking(claim))
            }
            try expect(
                try await store.append(try append(expected: .exactly(3), after: start)), .wrongExpectedVersion(stream, actual: .zero))
            try expect(try await store.append(try append(expected: .noStream, after: start)), .conditionFailed(at: position))
            try expect(try await store.append(try append(expected: .noStream, after: position)), .claimTaken(claim))
        },

        Check("of many whose condition the others would break, one wins") { store in
            let tag = newTag()
            var known = try await store.head()
            for round in 0..<10 {
                let after = known
                let answers = try await atOnce(16) { writer in
                    try await store.append(try conditional(noted([writer], tags: [tag]), to: newStream(), .tagged(tag), after: after))
                }
                let winners = answers.compactMap { if case .appended(let appended) = $0 { appended.position } else { nil } }
                try expect(winners.count, 1, "winners of round \(round)")
                try expect(answers.filter { $0 == .conditionFailed(at: winners[0]) }.count, 15, "losers of round \(round)")
                known = winners[0]
            }
            try expect(try await store.read(matching: .tagged(tag), after: .zero, limit: 100).count, 10)
        },

        // A doctor may go off call only while the other is on call: each reads what the other writes.
        Check("of two who each read what the other writes, one wins") { store in
            for round in 0..<20 {
                let (mine, yours) = (newTag("doctor"), newTag("doctor"))
                let after = try await store.head()
                let answers = try await atOnce(2) { side in
                    let (own, other) = side == 0 ? (mine, yours) : (yours, mine)
                    return try await store.append(
                        try conditional(noted([side], tags: [own]), to: newStream(), .tagged(other), after: after))
                }
                try expect(answers.filter(\.isAppended).count, 1, "winners of round \(round)")
            }
        },

        Check("conditions on different tags do not stand in each other's way") { store in
            let after = try await store.head()
            let answers = try await atOnce(64) { writer in
                let tag = newTag()
                return try await store.append(try conditional(noted([writer], tags: [tag]), to: newStream(), .tagged(tag), after: after))
            }
            try expect(answers.filter(\.isAppended).count, 64)
        },
    ]

    private static func conditional(
        _ events: [NewEvent], to stream: StreamName, expected: ExpectedVersion = .any, _ query: EventQuery, after position: GlobalPosition,
        claims: ClaimChanges = .none, id: UUID = UUID()
    ) throws -> Append {
        try .writes(
            StreamWrite(stream, expected: expected, events: events, claims: claims),
            conditions: [AppendCondition(noEventMatching: query, after: position)], id: id)
    }
}
