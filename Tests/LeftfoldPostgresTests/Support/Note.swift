import Foundation
import Leftfold

/// Events that mean nothing, for tests of what carries them.
enum Note {
    static func stream(_ name: String = UUID().uuidString.lowercased()) throws -> StreamName {
        guard let stream = StreamName(rawValue: "note-\(name)") else { throw MalformedInput("not a stream name: \(name)") }
        return stream
    }

    static func command(_ content: String, id: UUID = .ordered()) -> CommandRecord {
        CommandRecord(
            name: "Note", context: CommandContext(commandID: id, principal: Principal(subject: "tester"), correlationID: "test"),
            content: Array(content.utf8))
    }

    static func append(
        to stream: StreamName, _ texts: [String] = ["a"], expected: ExpectedVersion = .any, id: UUID = .ordered(),
        type: EventType = "Noted",
        claims: ClaimChanges = .none, tags: Set<Tag> = []
    ) -> Append {
        Append(
            command("\(stream) \(texts)", id: id),
            StreamWrite(
                stream, expected: expected,
                events: texts.map { NewEvent(type: type, data: Array("{\"text\":\"\($0)\"}".utf8), tags: tags) }, claims: claims))
    }

    static func append(to stream: StreamName, _ events: [NewEvent]) -> Append {
        let id = UUID.ordered()
        return Append(command("\(id)", id: id), StreamWrite(stream, expected: .any, events: events))
    }
}
