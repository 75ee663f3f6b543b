import Leftfold
import LeftfoldDriver

/// The call of the log's `record` for refusals.
enum RecordCall {
    static func sql(for refusals: [RefusedCommand], in log: LogName) -> SQL {
        var commands = CommandColumns()
        for refused in refusals { commands.add(refused.command) }
        let epoch = refusals.lazy.compactMap(\.command.epoch).first
        return """
            SELECT * FROM \(log).record(
                \(fragment: commands.arguments), \(refusals.map(\.streams.first)), \(refusals.map(\.kind)), \(refusals.map(\.code)),
                \(epoch?.rawValue))
            """
    }
}
