import Foundation
import Leftfold

/// One run of an import: batch after batch (``Batch``), while the lines of the next are read. The lines of a batch are sent at
/// once, and stored as if one after the other (``FileOrderStore``).
struct ImportRun {
    private let store: FileOrderStore
    private let feed: LineFeed
    private let size: Int?
    private let linesAtOnce: Int
    private let isStrict: Bool
    private let patience: Patience
    private let progress: @Sendable (ImportProgress) -> Void
    private let report: @Sendable (LineProblem) -> Void

    private var sender: LineSender
    private var lines: [ImportLine] = []
    private var isAtEnd = false
    private var doneBytes = 0
    private var result = ImportResult()

    init(
        importer: Importer, source: any ByteSource, format: ImportFormat, correlationID: String, patience: Patience,
        progress: @escaping @Sendable (ImportProgress) -> Void, report: @escaping @Sendable (LineProblem) -> Void
    ) {
        store = FileOrderStore(importer.store)
        let commands = importer.commands(store)
        feed = LineFeed(
            source, format: format, label: importer.label, decoder: LineDecoder(commands: commands, mapping: importer.csv))
        sender = LineSender(
            commands: commands, store: importer.store, principal: importer.principal, correlationID: correlationID, startedAt: Date())
        size = source.size
        linesAtOnce = max(importer.linesAtOnce, 1)
        isStrict = importer.isStrict
        self.patience = patience
        self.progress = progress
        self.report = report
    }

    mutating func run() async throws -> ImportResult {
        let start = patience.time.now()
        do {
            sender.head = try await patience.keepTrying { [store] in try await store.head() }
            while !(isAtEnd && lines.isEmpty), result.end == .complete {
                if patience.stop.isRaised { result.end = .interrupted } else { try await importBatch() }
            }
        } catch let exhausted as Patience.Exhausted {
            result.end = .unavailable(exhausted.last.message)
        }
        result.elapsed = patience.time.now() - start
        return result
    }

    /// The first of the lines that are there; what comes after them is read meanwhile.
    private mutating func importBatch() async throws {
        let batch = Array(lines.prefix(Batch.length(of: lines, atMost: linesAtOnce, isStrict: isStrict)))
        lines.removeFirst(batch.count)
        async let next = lines.count < linesAtOnce && !isAtEnd ? feed.next() : LineFeed.Chunk(isLast: isAtEnd)
        let answers = await send(batch)
        for (line, answer) in zip(batch, answers) {
            guard case .success(let answer) = answer else { continue }
            doneBytes += line.size
            tell(answer)
        }
        progress(ImportProgress(lines: result.lines, fraction: size.map { $0 > 0 ? min(Double(doneBytes) / Double($0), 1) : 1 }))
        let chunk = try await next
        lines += chunk.lines
        isAtEnd = chunk.isLast
        for answer in answers { _ = try answer.get() }
    }

    private func send(_ batch: [ImportLine]) async -> [Result<LineAnswer, any Error>] {
        let waves = store.begin(batch.map(\.id))
        return await withTaskGroup { group in
            for (index, line) in batch.enumerated() {
                group.addTask { [sender, patience, store] in
                    defer { store.end(line.id) }
                    do {
                        return (index, Result<LineAnswer, any Error>.success(try await patience.keepTrying { try await sender.send(line) }))
                    } catch {
                        // The others need not wait for the store any longer, and must not get ahead of this one.
                        patience.stop.raise()
                        store.giveUp(Unavailable((error as? Patience.Exhausted)?.last.message ?? "\(error)"))
                        return (index, .failure(error))
                    }
                }
            }
            await store.store(waves)
            var answers = [Result<LineAnswer, any Error>](repeating: .failure(CancellationError()), count: batch.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers
        }
    }

    private mutating func tell(_ answer: LineAnswer) {
        result.count(answer)
        guard case .refused(let problem) = answer else { return }
        if isStrict, result.end == .complete { result.end = .stoppedAtLine(problem.line) }
        report(problem)
    }
}
