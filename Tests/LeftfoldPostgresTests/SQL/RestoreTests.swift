import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

/// Dumps of every kind come back as the same log, with its guards.
@Suite struct RestoreTests {
    enum Kind: String, CaseIterable, Sendable {
        case whole, dataAsCopy, dataAsInserts

        var arguments: [String] {
            switch self {
            case .whole: []
            case .dataAsCopy: ["--data-only"]
            case .dataAsInserts: ["--data-only", "--inserts"]
            }
        }
    }

    @Test("A dump can be restored, and the log goes on where it ended", arguments: Kind.allCases)
    func restores(_ kind: Kind) async throws {
        let dump = try await TestDatabase.with { database in
            // Commands that are refused leave dead rows, whose places later rows take: rows are not in order then.
            let stream = try Note.stream("a")
            for number in 0..<20 {
                _ = try await database.store.append(
                    Note.append(to: stream, ["\(number)"], expected: .exactly(StreamVersion(rawValue: Int64(number))), tags: ["all"]))
                for _ in 0..<3 { _ = try await database.store.append(Note.append(to: stream, ["x"], expected: .noStream)) }
                if number == 10 { try await database.pool.execute("VACUUM leftfold.events") }
            }
            _ = try await database.store.record(RefusedCommand(Note.command("no"), for: [stream], .denied, code: "forbidden"))
            return try PSQL.program("pg_dump", ["--schema=leftfold"] + kind.arguments, on: database.configuration)
        }
        try await TestDatabase.withEmpty { configuration in
            if kind != .whole { _ = try await Migrator(configuration).migrate() }
            _ = try PSQL.program("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "--single-transaction"], on: configuration, input: dump)
            #expect(try await Migrator(configuration).migrate().isEmpty)
            #expect(try PSQL.run("SELECT count(*) FROM leftfold.guards()", on: configuration) == ["0"])

            let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            let log = try await database.store.read(after: .zero, limit: 100)
            #expect(log.count == 20)
            #expect(log.allSatisfy { $0.tags == ["all"] })
            #expect(try await database.store.journal(JournalFilter()).count == 21)
            let next = try await database.store.append(Note.append(to: try Note.stream("a"), ["20"], expected: .exactly(20)))
            #expect(next == .appended(Appended([StreamProgress(try Note.stream("a"), at: 21)], at: 21)))
            #expect(try await database.store.read(matching: .tagged("all"), after: .zero, limit: 100).count == 20)
            await database.close()
        }
    }
}
