import Foundation
import Leftfold
import LeftfoldDriver

/// The parallel arrays that the log's `append` takes. What no command of a batch has is not sent.
struct AppendColumns {
    private var commands = CommandColumns()
    private var streams: [StreamName] = []
    private var expected: [StreamVersion?] = []
    private var types: [EventType] = []
    private var data: [JSONBytes] = []

    private var writeCommands: [Int32] = []
    private var eventWrites: [Int32] = []
    private var metadata: [JSONBytes?] = []
    private var follows: [Bool] = []
    private var tagEvents: [Int32] = []
    private var tags: [Tag] = []
    private var claimWrites: [Int32] = []
    private var claimTakes: [Bool] = []
    private var claimKinds: [String] = []
    private var claimValues: [String] = []
    private var conditions: [JSONBytes?] = []
    private var progress: [JSONBytes?] = []
    private var epoch: LogEpoch?

    mutating func add(_ append: Append, follows: Bool) throws {
        commands.add(append.command)
        self.follows.append(follows)
        epoch = epoch ?? append.command.epoch
        conditions.append(
            append.conditions.isEmpty ? nil : JSONBytes([UInt8](try JSONEncoder().encode(append.conditions.map(ConditionJSON.init)))))
        progress.append(try append.progress.map { JSONBytes([UInt8](try JSONEncoder().encode(ProgressJSON($0)))) })
        for write in append.writes { try add(write, of: append) }
    }

    private mutating func add(_ write: StreamWrite, of append: Append) throws {
        streams.append(write.stream)
        if case .exactly(let version) = write.expected { expected.append(version) } else { expected.append(nil) }
        writeCommands.append(Int32(commands.count))
        let number = Int32(streams.count)
        for event in write.events {
            types.append(event.type)
            data.append(JSONBytes(event.data))
            eventWrites.append(number)
            metadata.append(try EventMetadata(of: event, in: append).map { JSONBytes($0.json) })
            for tag in event.tags.inOrder {
                tagEvents.append(Int32(types.count))
                tags.append(tag)
            }
        }
        let claims = write.claims.columns
        claimWrites += claims.takes.map { _ in number }
        claimTakes += claims.takes
        claimKinds += claims.kinds
        claimValues += claims.values
    }

    func call(in log: LogName) -> SQL {
        var sql: SQL = """
            SELECT * FROM \(log).append(
                \(fragment: commands.arguments), \(streams), \(expected), \(types), \(data)
            """
        func add(_ argument: SQL) { sql = "\(fragment: sql), \(fragment: argument)" }
        if !writeCommands.countsUp || writeCommands.count != commands.count { add("p_write_commands => \(writeCommands)") }
        if !eventWrites.countsUp || types.count != streams.count { add("p_event_writes => \(eventWrites)") }
        if metadata.contains(where: { $0 != nil }) { add("p_metadata => \(metadata)") }
        if follows.contains(true) { add("p_follows => \(follows)") }
        if !tags.isEmpty { add("p_tag_events => \(tagEvents), p_tags => \(tags)") }
        if !claimTakes.isEmpty {
            add(
                """
                p_claim_writes => \(claimWrites), p_claim_takes => \(claimTakes), p_claim_kinds => \(claimKinds), \
                p_claim_values => \(claimValues)
                """)
        }
        if conditions.contains(where: { $0 != nil }) { add("p_conditions => \(conditions)") }
        if progress.contains(where: { $0 != nil }) { add("p_progress => \(progress)") }
        if let epoch { add("p_epoch => \(epoch.rawValue)") }
        return "\(fragment: sql))"
    }
}

/// What is sent of each command, whether it is appended or refused.
struct CommandColumns {
    private var ids: [UUID] = []
    private var contents: [Data] = []
    private var names: [String] = []
    private var principals: [String] = []
    private var correlationIDs: [String] = []
    private var causationIDs: [String?] = []
    private var receivedAt: [Date] = []

    var count: Int { ids.count }

    mutating func add(_ command: CommandRecord) {
        ids.append(command.context.commandID)
        contents.append(Data(command.content))
        names.append(command.name)
        principals.append(command.context.principal.subject)
        correlationIDs.append(command.context.correlationID)
        causationIDs.append(command.context.causationID)
        receivedAt.append(command.context.receivedAt)
    }

    var arguments: SQL {
        "\(ids), \(contents), \(names), \(principals), \(correlationIDs), \(causationIDs.contains { $0 != nil } ? causationIDs : nil), \(receivedAt)"
    }
}

extension [Int32] {
    /// Whether it is 1, 2, 3, …
    fileprivate var countsUp: Bool { enumerated().allSatisfy { $1 == $0 + 1 } }
}

private struct ConditionJSON: Encodable {
    let after: GlobalPosition
    let items: [QueryItemJSON]

    init(_ condition: AppendCondition) {
        after = condition.after
        items = condition.query.items.map(QueryItemJSON.init)
    }
}

/// An item of a query as the log's functions read it.
struct QueryItemJSON: Encodable {
    let types: [String]?
    let tags: [String]?

    init(_ item: EventQuery.Item) {
        types = item.types.isEmpty ? nil : item.types.map(\.rawValue).sorted()
        tags = item.tags.isEmpty ? nil : item.tags.map(\.rawValue).sorted()
    }
}

private struct ProgressJSON: Encodable {
    let follower: String
    let from: GlobalPosition
    let to: GlobalPosition
    let epoch: Int64

    init(_ progress: FollowerProgress) {
        follower = progress.from.follower.rawValue
        from = progress.from.position
        to = progress.to
        epoch = progress.from.epoch
    }
}
