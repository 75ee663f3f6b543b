import ArgumentParser
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct Events<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "events", abstract: "List the log, or follow it as it grows.")
    }

    /// Events may be large, and this many are in memory.
    private static var pageSize: Int { 100 }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .long, help: "Begin after this position; with neither this nor --follow, the last --limit events are shown.")
    var after: Int64?
    @Option(name: .shortAndLong, help: "How many at most.")
    var limit = 50
    @Flag(name: .shortAndLong, help: "Go on with what is appended from now on (or after --after), until Ctrl-C.")
    var follow = false

    func validate() throws {
        try require("--after", after, in: Ranges.position)
        try require("--limit", limit, in: Ranges.limit)
    }

    func run() async throws {
        let printing = Printing(json: output.json)
        try await common.assembled(P.self) { assembly in
            let store = assembly.database.store
            let head = try await store.head()
            var position = GlobalPosition(rawValue: max(0, after ?? (follow ? head.rawValue : head.rawValue - Int64(limit))))
            guard follow else {
                var left = limit
                while left > 0 {
                    let events = try await store.read(after: position, limit: min(Self.pageSize, left))
                    for event in events { try printing.event(event) }
                    guard let last = events.last?.position else { return }
                    (position, left) = (last, left - events.count)
                }
                return
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await assembly.database.run() }
                while true {
                    let events = try await store.read(after: position, limit: Self.pageSize)
                    for event in events {
                        try printing.event(event)
                        position = event.position
                    }
                    if events.isEmpty { await assembly.database.announcements.waitForLog(after: position, atMost: .seconds(1)) }
                }
            }
        }
    }
}
