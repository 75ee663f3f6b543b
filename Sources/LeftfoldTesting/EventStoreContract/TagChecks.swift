import Foundation
import Leftfold

extension EventStoreContract {
    static let tags: [Check] = [
        Check("tags come back, wherever the event is read") { store in
            let (a, b, stream) = (newTag("a"), newTag("b"), newStream())
            let head = try await store.head()
            let tags: [Set<Tag>] = [[], [a], [b, a], []]
            try await store.accept(.events(tags.flatMap { noted([1], tags: $0) }, to: stream))
            try expect(try await store.read(stream).map(\.tags), tags)
            try expect(try await store.read(after: head, limit: 4).map(\.tags), tags)
            try expect(try await store.read(matching: .tagged(a), after: .zero, limit: 4).map(\.tags), [[a], [a, b]])
        },

        Check("an event may have many tags, and long ones") { store in
            let many = Set((1...50).map { newTag("seat\($0)") })
            let long = try unwrap(Tag(rawValue: newTag().rawValue + String(repeating: "é", count: 100)), "tag")
            let longest = try unwrap(Tag(rawValue: String((newTag().rawValue + String(repeating: "x", count: 255)).prefix(255))), "tag")
            let tags = many.union([long, longest])
            try await store.accept(.events(noted([1], tags: tags), to: newStream()))
            for tag in tags {
                try expect(try await store.read(matching: .tagged(tag), after: .zero, limit: 2).map(\.tags), [tags])
            }
            try expect(try await store.read(matching: EventQuery(.init(tags: tags)), after: .zero, limit: 2).count, 1)
        },

        Check("tags are the same only letter by letter") { store in
            let text = newTag("Course").rawValue
            let others = [
                text.uppercased(), text.lowercased(), text + " ", " " + text, String(text.dropLast()), text + "%", "_" + text.dropFirst(),
            ]
            let tag = try unwrap(Tag(rawValue: text), "tag")
            for other in others {
                try await store.accept(.events(noted([1], tags: [try unwrap(Tag(rawValue: other), "tag")]), to: newStream()))
            }
            try expect(try await store.read(matching: .tagged(tag), after: .zero, limit: 10), [])
        },

        Check("what matches a query is read in order, each event once") { store in
            let (a, b, kind) = (newTag("a"), newTag("b"), EventType("Kind \(UUID())"))
            let head = try await store.head()
            func event(_ type: EventType, _ tags: Set<Tag>) -> NewEvent { NewEvent(type: type, data: Array("{}".utf8), tags: tags) }
            for event in [
                event("Noted", [a]), event(kind, []), event(kind, [a]), event("Noted", []), event(kind, [b]), event(kind, [b, a]),
                event("Noted", [b]), event("Noted", [a, b]),
            ] {
                try await store.accept(.events([event], to: newStream()))
            }
            typealias Item = EventQuery.Item
            func found(_ first: Item, _ others: Item...) async throws -> [Int] {
                var positions: [Int] = []
                for item in [first] + others { positions += try await found(EventQuery(item)) }
                let all = others.count == 1 ? try await found(EventQuery(first, others[0])) : try await found(EventQuery(first))
                try expect(all, Set(positions).sorted(), "items apart and together")
                return all
            }
            func found(_ query: EventQuery) async throws -> [Int] {
                let events = try await store.read(matching: query, after: head, limit: 100)
                let log = try await store.read(after: head, limit: 100)
                try expect(events, log.filter(query.matches))
                return events.map { Int($0.position.rawValue - head.rawValue) }
            }
            try expect(try await found(Item(tags: [a])), [1, 3, 6, 8])
            try expect(try await found(Item(tags: [a, b])), [6, 8])
            try expect(try await found(Item(types: [kind])), [2, 3, 5, 6])
            try expect(try await found(Item(types: [kind], tags: [a])), [3, 6])
            try expect(try await found(Item(types: [kind, "Noted"], tags: [a])), [1, 3, 6, 8])
            try expect(try await found(Item()), Array(1...8))
            try expect(try await found(Item(tags: [a]), Item(tags: [b])), [1, 3, 5, 6, 7, 8])
            try expect(try await found(Item(types: [kind]), Item(tags: [a, b])), [2, 3, 5, 6, 8])
            try expect(try await found(Item(types: ["Unheard of"])), [])
        },

        Check("what matches a query is read in pages") { store in
            let (tag, other) = (newTag(), newTag())
            let head = try await store.head()
            for number in 1...7 {
                try await store.accept(.events(noted([number], tags: [tag]), to: newStream()))
                try await store.accept(.events(noted([number], tags: [other]), to: newStream()))
            }
            for query in [EventQuery.tagged(tag), EventQuery(.init(tags: [tag]), .init(types: ["Noted"], tags: [tag]))] {
                let all = try await store.read(matching: query, after: .zero, limit: 100)
                try expect(all.map(\.position), (1...7).map { head.advanced(by: 2 * $0 - 1) })
                try expect(try await store.read(matching: query, after: head, limit: 3), Array(all[0..<3]))
                try expect(try await store.read(matching: query, after: all[2].position, limit: 3), Array(all[3..<6]))
                try expect(try await store.read(matching: query, after: all[5].position, limit: 3), Array(all[6...]))
                try expect(try await store.read(matching: query, after: all[6].position, limit: 3), [])
                try expect(try await store.read(matching: query, after: head.advanced(by: 99), limit: 3), [])
                try expect(try await store.read(matching: query, after: .zero, limit: 0), [])
            }
        },
    ]
}
