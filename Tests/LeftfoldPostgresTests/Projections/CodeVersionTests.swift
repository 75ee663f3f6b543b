import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Logging
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// A generation is continued by the version of the code that built it, and by no other.
@Suite struct CodeVersionTests {
    @Test("A projector of another version leaves the live generation alone and says so once; after a rebuild it goes on, the old one not")
    func changedOnline() async throws {
        try await TestDatabase.with { database in
            let (old, new) = (Ledger(version: 1), Ledger(version: 2, mark: "new "))
            let complaints = Complaints()
            try await database.createReadTables([old])
            let newProjector = Projector(new, in: database, patience: .milliseconds(20), logger: complaints.logger)
            try await database.projecting(old) {
                try await database.note(5)
                try await eventually("the old one works") { try await database.ledger().count == 5 }
                let running = Task { try await newProjector.run() }
                try await eventually("the new one has complained") { complaints.count == 1 }

                // The old one keeps the live generation, while the new code builds its own.
                try await database.note(5)
                try await eventually("the old one goes on") { try await database.ledger().count == 10 }
                #expect(try await database.texts() == Set((0..<5).map(String.init)))
                #expect(try await database.status(Ledger.name)?.codeVersion == 1)
                let generation = try await Rebuild(new, in: database).run()
                #expect(generation.codeVersion == 2)

                try await database.note(5)
                try await eventually("the new one goes on") { try await database.ledger() == Array(1...15) }
                #expect(try await database.texts() == Set((0..<5).map { "new \($0)" }))
                #expect(try await database.status(Ledger.name)?.generation == 2)
                #expect(complaints.count == 1)
                running.cancel()
                _ = await running.result
            }
        }
    }

    @Test("Verification refuses to compare with what another version built")
    func verification() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            await #expect(throws: VerificationFailed.self) { try await Verification(Ledger(version: 2), in: database).run() }
        }
    }

    @Test("A generation's number is never used again")
    func numbers() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            await #expect(throws: RebuildFailed.self) { try await Rebuild(Ledger(refused: ["1"]), in: database).run() }
            #expect(try await Rebuild(Ledger(), in: database).run().number == 3)
        }
    }
}

extension LeftfoldDatabase {
    fileprivate func texts() async throws -> Set<String> {
        Set(try await pool.execute("SELECT text FROM ledger").map { try $0.decode(String.self) })
    }
}

/// Counts what is said about another version.
private final class Complaints: Sendable {
    private let said = Mutex(0)
    var count: Int { said.withLock { $0 } }

    var logger: Logger { Logger(label: "complaints") { _ in Handler(complaints: self) } }

    private struct Handler: LogHandler {
        let complaints: Complaints
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        init(complaints: Complaints) { self.complaints = complaints }

        func log(event: LogEvent) {
            if "\(event.message)".contains("another version") { complaints.said.withLock { $0 += 1 } }
        }
    }
}
