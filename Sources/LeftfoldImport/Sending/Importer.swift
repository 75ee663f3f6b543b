public import Leftfold

/// Sends the commands of a file through a command bus, many at once and yet as if one after the other.
///
/// It can be stopped or killed at any moment and run again: a line has the same command id in every run, and the journal
/// answers what was done.
public struct Importer: Sendable {
    let store: any EventStore
    let commands: @Sendable (any EventStore) -> CommandBus
    let principal: Principal
    /// Begins another chain of ids, to import the same file once more on purpose.
    public var label: String?
    /// How many lines are sent at once at most.
    public var linesAtOnce = 512
    /// Ends after the first batch in which a line is refused. Nothing is refused before everything before it is done.
    public var isStrict = false
    /// How long a line is tried again while the store is away.
    public var patience = Duration.seconds(60)
    /// Needed for CSV.
    public var csv: CSVMapping = { _ in nil }
    var time = Timepiece.system

    /// - Parameters:
    ///   - store: the log.
    ///   - principal: on whose behalf.
    ///   - commands: makes the bus on the store that it is given, which keeps the order of the file.
    public init(store: any EventStore, principal: Principal, commands: @escaping @Sendable (any EventStore) -> CommandBus) {
        self.store = store
        self.principal = principal
        self.commands = commands
    }

    /// Returns when the file is done, or the reason not to go on is in the result. Cancelling the task lets the lines that
    /// are under way finish and starts no more.
    ///
    /// Throws ``ImportFile/Unreadable``, and what reading the file or the store throws that is not passing.
    ///
    /// - Parameters:
    ///   - progress: told after each batch.
    ///   - report: told of each line that was refused, in the order of the file.
    public func run(
        _ file: ImportFile, progress: @escaping @Sendable (ImportProgress) -> Void = { _ in },
        report: @escaping @Sendable (LineProblem) -> Void
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
