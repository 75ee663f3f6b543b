import Foundation
import Leftfold

/// Sends the commands of a file through the bus, many at once and yet as if one after the other (``Schedule``).
///
/// It can be stopped or killed at any moment and run again: a line has the same command id in every run (``LineIDs``), and
/// the journal answers what was done.
public struct Importer: Sendable {
    let commands: CommandBus
    let store: any EventStore
    var principal = Principal.localOperator()
    /// Begins another chain of ids, to import the same file once more on purpose.
    var label: String?
    /// How many lines are under way at most.
    var inFlight = 512
    /// Nothing after the first refused line is started once it is known; everything before it is done.
    var isStrict = false
    /// How long a line is tried again while the store is away.
    var patience = Duration.seconds(60)
    var time = Timepiece.system
    var csv: LineDecoder.CSVMapping = { _ in nil }

    /// Returns when the file is done, or the reason not to go on is in the result. Cancelling the task lets the lines in
    /// flight finish and starts no more.
    ///
    /// - Parameters:
    ///   - progress: told the lines and the part of the file that are done.
    ///   - report: told of each line that was refused, in the order of the file.
    public func run(
        _ file: ImportFile, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }, report: @escaping @Sendable (LineProblem) -> Void
    ) async throws -> ImportResult {
        try await run(try file.open(), format: file.format, name: file.name, progress: progress, report: report)
    }

    func run(
        _ source: any ByteSource, format: ImportFormat, name: String, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in },
        report: @escaping @Sendable (LineProblem) -> Void
    ) async throws -> ImportResult {
        let stop = StopSign()
        // A task of its own, awaited right here: cancelling this one must not cut off commands that are being stored.
        let work = Task {
            let patience = Patience(budget: patience, time: time, stop: stop)
            var run = ImportRun(
                importer: self, source: source, format: format, correlationID: Self.correlationID(name), patience: patience,
                progress: progress, report: report)
            return try await run.run()
        }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            stop.raise()
        }
    }

    private static func correlationID(_ name: String) -> String {
        let printable = name.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(100)
        return "import:" + String(String.UnicodeScalarView(printable))
    }
}
