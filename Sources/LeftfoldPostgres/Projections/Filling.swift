import Leftfold
import LeftfoldDriver

/// Fills the table of a fold that nobody sees yet: rows are changed in memory, over as many pages of the log as fit there, and then written
/// in one transaction with the checkpoint. New ones are copied in, others written by sets.
///
/// What is in memory counts for as long as nothing goes wrong. Then it is forgotten, and the usual way goes on from the checkpoint.
struct Filling<P: TableProjection> {
    let writer: FoldWriter<P>
    let connection: Connection
    private(set) var lease: Lease
    /// In bytes, about.
    let memory: Int

    /// What is known of a key.
    private struct Known {
        var row: P.Row?
        /// Whether the table has a row for it.
        var isStored = false
        var isChanged = false

        /// The table has it as it is here.
        mutating func settle() {
            isStored = row != nil
            isChanged = false
        }
    }

    private struct Page: Sendable {
        let last: GlobalPosition
        let fold: Result<Fold<P>, FailedEvent>
    }

    private var known: [P.Key: Known] = [:]
    /// Whether the table has no other rows than those that are known.
    private var isComplete = false
    /// Of rows that were weighed, how many they were and what they have as they are stored.
    private var (weighed, weight) = (0, 0)
    /// So far everything is in memory or in the table.
    private var position = GlobalPosition.zero

    init(writer: FoldWriter<P>, connection: Connection, lease: Lease, memory: Int) {
        self.writer = writer
        self.connection = connection
        self.lease = lease
        self.memory = memory
    }

    /// Up to the end of the log, or to an earlier position. Throws ``LeaseLost``, or the database's error.
    mutating func run(
        from reader: LogReader, upTo end: GlobalPosition? = nil, _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws {
        do {
            try await fill(from: reader, upTo: end, progress)
        } catch let error as PostgresError where error.sqlState == .checkpointMoved || error.sqlState == .epochEnded {
            throw LeaseLost()
        } catch  where error is FailedEvent || FoldWriter<P>.isAboutTheEvents(error) && !(error is LeaseLost) {
            // Which event is at fault, and what is to be taken in before it, shows on the usual way.
            return
        }
    }

    private mutating func fill(
        from reader: LogReader, upTo end: GlobalPosition?, _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws {
        let projection = writer.projection
        isComplete = try await connection.execute(writer.table.emptiness).first?.decode(Bool.self) ?? false
        position = lease.position
        var head = try await reader.store.head()
        try await reader.read(after: position, upTo: end) { events in
            Page(
                last: events.last?.position ?? .zero,
                fold: Result { () throws(FailedEvent) in try Fold(events, projection) })
        } _: { page in
            try await take(try page.fold.get())
            position = page.last
            if isFull {
                try await reader.pace.keep { try await flush(reader.pace.size) }
            } else if lease.isDueForRenewal {
                try await renew()
            }
            head = max(head, position)
            await progress(position, end ?? head)
        }
        try await reader.pace.keep { try await flush(reader.pace.size) }
    }

    private mutating func take(_ fold: Fold<P>) async throws {
        if !isComplete {
            let unknown = fold.keys.filter { known[$0] == nil }
            if !unknown.isEmpty {
                for (key, row) in try await writer.load(try writer.table.selection(of: Array(unknown)), on: connection) {
                    known[key] = Known(row: row, isStored: true)
                }
            }
        }
        var (count, sample): (Int, [P.Key]) = (0, [])
        try fold.visit { key, evolve in
            try Self.change(&known[key, default: Known()], evolve)
            if count.isMultiple(of: 64) { sample.append(key) }
            count += 1
        }
        try weigh(sample)
    }

    private static func change(_ known: inout Known, _ evolve: (inout P.Row?) throws -> Void) throws {
        try evolve(&known.row)
        known.isChanged = true
    }

    private mutating func weigh(_ keys: [P.Key]) throws {
        var lines = RowLines(writer.table)
        for key in keys {
            guard let row = known[key]?.row else { continue }
            try lines.append(key, row)
            weighed += 1
        }
        weight += lines.bytes.count
    }

    /// What is known by its key, twice for the room that the dictionary leaves, and what the row refers to.
    private var isFull: Bool {
        let entry = 2 * (MemoryLayout<P.Key>.stride + MemoryLayout<Known>.stride) + 64 + weight / max(1, weighed)
        return known.count * entry >= memory
    }

    private mutating func renew() async throws {
        guard try await lease.renew(on: connection) else { throw LeaseLost() }
    }

    // MARK: Writing

    /// - Parameter setSize: rows written by one statement at most.
    private mutating func flush(_ setSize: Int) async throws {
        guard position > lease.position else { return }
        let start = ContinuousClock.now
        let advance = lease.advance(to: position, touching: .everything)
        let (table, changed) = (writer.table, known.lazy.filter { $1.isChanged })
        try await connection.transaction { connection in
            // Whoever wants to take over passes a row that is locked.
            try await connection.pipeline([advance])
            try await Self.inSets(of: changed.filter { $1.row == nil && $1.isStored }, setSize) { removed in
                try await connection.pipeline(try table.deletion(of: removed.map { $0.key }))
            }
            try await Self.inSets(of: changed.filter { $1.row != nil && ($1.isStored || !table.isCopyable) }, setSize) { written in
                try await connection.pipeline(try table.upsert(written.compactMap { key, known in known.row.map { (key, $0) } }))
            }
            if table.isCopyable {
                try await Self.copy(changed.filter { !$1.isStored }, into: table, on: connection)
            }
            // That took its time.
            try await renew()
        }
        lease.advanced(to: position, sentAt: start)
        if isFull {
            known = [:]
            isComplete = false
        } else {
            for index in known.indices { known.values[index].settle() }
        }
    }

    private static func copy(
        _ rows: some Sequence<(key: P.Key, value: Known)>, into table: RowTable, on connection: Connection
    ) async throws {
        _ = try await connection.copyIn(table.copy) { copy in
            var lines = RowLines(table)
            for (key, known) in rows {
                guard let row = known.row else { continue }
                try lines.append(key, row)
                if lines.bytes.count >= 65_536 { try await copy.write(lines.take()) }
            }
            try await copy.write(lines.end())
        }
    }

    private static func inSets<T>(of all: some Sequence<T>, _ size: Int, _ body: ([T]) async throws -> Void) async throws {
        var set: [T] = []
        for one in all {
            set.append(one)
            if set.count == size {
                try await body(set)
                set.removeAll(keepingCapacity: true)
            }
        }
        if !set.isEmpty { try await body(set) }
    }
}
