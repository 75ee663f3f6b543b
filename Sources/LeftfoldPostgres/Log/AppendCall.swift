import Foundation
import Leftfold
import LeftfoldDriver

/// The call of the log's `append` for a batch of chains, and its answer.
enum AppendCall {
    static func sql(for chains: [[Append]], in log: LogName) throws -> SQL {
        if chains.count == 1, chains[0].count == 1, let sql = try one(chains[0][0], in: log) { return sql }
        var columns = AppendColumns()
        for chain in chains {
            for (index, append) in chain.enumerated() { try columns.add(append, follows: index > 0) }
        }
        return columns.call(in: log)
    }

    /// One command with one event takes the call with scalars.
    private static func one(_ append: Append, in log: LogName) throws -> SQL? {
        guard let write = append.writes.first, append.writes.count == 1, let event = write.events.first, write.events.count == 1,
            append.conditions.isEmpty, append.progress == nil, case .exactly(let expected) = write.expected
        else { return nil }
        let (command, context) = (append.command, append.command.context)
        let call: SQL = """
            SELECT * FROM \(log).append_one(
                \(context.commandID), \(Data(command.content)), \(command.name), \(context.principal.subject), \(context.correlationID),
                \(context.causationID), \(context.receivedAt), \(write.stream), \(expected), \(event.type), \(JSONBytes(event.data))
            """
        let metadata = try EventMetadata(of: event, in: append)
        let epoch = command.epoch?.rawValue
        if metadata == nil, event.tags.isEmpty, write.claims == .none {
            return epoch.map { "\(fragment: call), p_epoch => \($0))" } ?? "\(fragment: call))"
        }
        let claims = write.claims.columns
        return """
            \(fragment: call), \(metadata.map { JSONBytes($0.json) }), \(event.tags.isEmpty ? nil : event.tags.inOrder),
            \(claims.takes.isEmpty ? nil : claims.takes), \(claims.takes.isEmpty ? nil : claims.kinds),
            \(claims.takes.isEmpty ? nil : claims.values), \(epoch))
            """
    }

    static func answers(_ rows: Rows, to chains: [[Append]]) throws -> [[AppendAnswer]] {
        var answers = try AnswerRow(rows).answers(to: chains.flatMap { $0 })[...]
        return chains.map { chain in
            defer { answers = answers.dropFirst(chain.count) }
            return Array(answers.prefix(chain.count))
        }
    }
}

extension EventMetadata {
    init?(of event: NewEvent, in append: Append) throws {
        try self.init(version: event.version, traceparent: append.traceparent)
    }
}

extension Set<Tag> {
    /// As the log keeps them.
    var inOrder: [Tag] { sorted { $0.rawValue.utf8.lexicographicallyPrecedes($1.rawValue.utf8) } }
}

extension ClaimChanges {
    var columns: (takes: [Bool], kinds: [String], values: [String]) {
        let claims = released + taken
        return (released.map { _ in false } + taken.map { _ in true }, claims.map(\.kind), claims.map(\.value))
    }
}
