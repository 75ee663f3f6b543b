import Foundation
import Leftfold

/// One run of an import. A single task owns the schedule; lines and look-ups are its children.
struct ImportRun {
    private let importer: Importer
    private let feed: LineFeed
    private let size: Int?
    private let lookUp: LookUp
    private let sender: LineSender
    private let patience: Patience
    private let progress: @Sendable (ImportProgress) -> Void
    private let report: @Sendable (LineProblem) -> Void

    private var schedule = Schedule()
    /// Lines that were read and not started.
    private var waiting: [Int: ImportLine] = [:]
    private var waitingBytes = 0
    private var running = 0
    private var order = FileOrder<(answer: LineAnswer, size: Int)>()
    private var read = 0
    private var doneBytes = 0
    private var isLookingUp = false
    private var isAtEnd = false
    /// Lines after this one are not started.
    private var last = Int.max
    private var result = ImportResult()
    private var failure: (any Error)?

    private static let waitingBytesLimit = 32 << 20
    /// How far the fastest line may be ahead of the slowest.
    private static let span = 64 * LineFeed.linesPerChunk

    init(
        importer: Importer, source: any ByteSource, format: ImportFormat, correlationID: String, patience: Patience,
        progress: @escaping @Sendable (ImportProgress) -> Void, report: @escaping @Sendable (LineProblem) -> Void
    ) {
        self.importer = importer
        size = source.size
        feed = LineFeed(
            source, format: format, label: importer.label,
            decoder: LineDecoder(commands: importer.commands, mapping: importer.csv))
        lookUp = LookUp(store: importer.store, history: ClaimHistory(importer.store))
        sender = LineSender(
            commands: importer.commands, store: importer.store, principal: importer.principal, correlationID: correlationID,
            startedAt: Date())
        self.patience = patience
        self.progress = progress
        self.report = report
    }

    private enum Step: Sendable {
        case lookedUp(LineFeed.Chunk, LookUp.Found)
        case answered(ImportLine, LineAnswer)
        case failed(any Error)
    }

    mutating func run() async throws -> ImportResult {
        let start = importer.time.now()
        var sender = sender
        do {
            sender.head = try await patience.keepTrying { try await importer.store.head() }
        } catch {
            failure = error
        }
        await withTaskGroup(of: Step.self) { group in
            repeat {
                goOn(in: &group, sender)
            } while await next(in: &group)
        }
        for (answer, _) in order.finishAll() { tell(answer) }
        result.elapsed = importer.time.now() - start
        showProgress()
        try conclude()
        return result
    }

    /// Starts what may start.
    private mutating func goOn(in group: inout TaskGroup<Step>, _ sender: LineSender) {
        guard failure == nil, !patience.stop.isRaised else { return }
        for index in schedule.takeReady(atMost: max(max(importer.inFlight, 1) - running, 0)) {
            guard let line = waiting.removeValue(forKey: index), index <= last else { continue }
            waitingBytes -= line.size
            running += 1
            group.addTask { [patience] in
                do {
                    return .answered(line, try await patience.keepTrying { try await sender.send(line) })
                } catch {
                    return .failed(error)
                }
            }
        }
        guard !isLookingUp, !isAtEnd, read <= last, waitingBytes < Self.waitingBytesLimit, read - order.first < Self.span,
            schedule.unfinished < importer.inFlight + LineFeed.linesPerChunk
        else { return }
        isLookingUp = true
        schedule.open()
        let named = schedule.namedByUnfinished
        group.addTask { [feed, lookUp, patience] in
            do {
                let chunk = try await feed.next()
                return .lookedUp(chunk, try await patience.keepTrying { try await lookUp.look(chunk.lines, named: named) })
            } catch {
                return .failed(error)
            }
        }
    }

    /// Takes in what happens next; false when nothing is under way any more.
    private mutating func next(in group: inout TaskGroup<Step>) async -> Bool {
        guard let step = await group.next() else { return false }
        switch step {
        case .lookedUp(let chunk, let found): add(chunk, found)
        case .answered(let line, let answer):
            running -= 1
            schedule.finish(line.index)
            if importer.isStrict, case .refused = answer { last = min(last, line.index) }
            for (answer, size) in order.finish(line.index, (answer, line.size)) {
                doneBytes += size
                tell(answer)
            }
            showProgress()
        case .failed(let error):
            if failure == nil { failure = error }
            // The others need not wait for the store any longer.
            patience.stop.raise()
        }
        return true
    }

    private mutating func add(_ chunk: LineFeed.Chunk, _ found: LookUp.Found) {
        for (line, scheduled) in zip(chunk.lines, found.lines) {
            schedule.add(scheduled, history: found.histories[line.index] ?? [], holders: found.holders)
            waiting[line.index] = line
            waitingBytes += line.size
            read += 1
            // Known to be refused before it is sent.
            if importer.isStrict, line.command == nil { last = min(last, line.index) }
        }
        schedule.close()
        isLookingUp = false
        isAtEnd = chunk.isLast
    }

    private mutating func tell(_ answer: LineAnswer) {
        result.count(answer)
        guard case .refused(let problem) = answer else { return }
        if importer.isStrict, result.end == .complete { result.end = .stoppedAtLine(problem.line) }
        report(problem)
    }

    private func showProgress() {
        progress(ImportProgress(lines: result.lines, fraction: size.map { $0 > 0 ? min(Double(doneBytes) / Double($0), 1) : 1 }))
    }

    private mutating func conclude() throws {
        switch failure {
        case let exhausted as Patience.Exhausted: result.end = .unavailable(exhausted.last.message)
        case let failure?: throw failure
        case nil:
            let isDone = isAtEnd && schedule.unfinished == 0
            if result.end == .complete, !isDone { result.end = .interrupted }
        }
    }
}
