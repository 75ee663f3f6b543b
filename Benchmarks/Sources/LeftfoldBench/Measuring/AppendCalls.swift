import Foundation
import LeftfoldDriver

/// The calls that the store makes for commands of one event each: with scalars for one, with arrays for more.
enum AppendCalls {
    static func call(commands: Int) -> SQL {
        let events = (0..<commands).map { _ in SampleEvent() }
        if commands == 1, let event = events.first {
            return """
                SELECT * FROM leftfold.append_one(
                    \(event.commandID), \(event.content), 'CreateUser', 'bench', \(event.correlationID), \(String?.none), \(Date()),
                    \(event.stream), \(Int64(0)), \(event.type), \(event.data))
                """
        }
        return """
            SELECT * FROM leftfold.append(
                \(events.map(\.commandID)), \(events.map(\.content)), \(events.map { _ in "CreateUser" }), \(events.map { _ in "bench" }),
                \(events.map(\.correlationID)), \([String?]?.none), \(events.map { _ in Date() }),
                \(events.map(\.stream)), \(events.map { _ in Int64(0) }), \(events.map(\.type)), \(events.map(\.data)))
            """
    }
}

extension SampleEvent {
    fileprivate var content: Data { Data(data.bytes) }
    fileprivate var correlationID: String { commandID.uuidString.lowercased() }
}
