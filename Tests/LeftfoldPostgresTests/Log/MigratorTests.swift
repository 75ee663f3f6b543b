import Foundation
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldSchema
import Testing

@Suite struct MigratorTests {
    @Test("Any number of migrators at once apply each migration once")
    func concurrent() async throws {
        try await TestDatabase.withEmpty { configuration in
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<5 { group.addTask { try await Migrator(configuration).migrate().count } }
                return try await group.reduce(0, +)
            }
            #expect(applied == LeftfoldSchema.migrations.count)
            #expect(try await Migrator(configuration).pending().isEmpty)
            #expect(try await Migrator(configuration).migrate().isEmpty)
        }
    }

    @Test("What psql applied is not applied again")
    func byHand() async throws {
        try await TestDatabase.withEmpty { configuration in
            let connection = try await Connection.connect(configuration)
            try await connection.execute("CREATE SCHEMA leftfold")
            try await connection.execute("SET search_path = leftfold, pg_temp")
            for migration in LeftfoldSchema.migrations.prefix(3) {
                try await connection.execute(script: String(decoding: migration.sql, as: UTF8.self))
            }
            await connection.close()
            #expect(try await Migrator(configuration).migrate().map(\.number) == Array(4...LeftfoldSchema.migrations.count))
        }
    }

    @Test("A migration that differs from the applied one, or is newer than the program, stops everything")
    func changed() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let connection = try await Connection.connect(configuration)
            try await connection.execute("UPDATE leftfold.migrations SET digest = sha256('other') WHERE number = 2")
            await #expect(throws: ChangedMigration.self) { try await Migrator(configuration).migrate() }
            try await connection.execute("INSERT INTO leftfold.migrations (number, name) VALUES (999, 'future')")
            await #expect(throws: NewerSchema.self) { try await Migrator(configuration).migrate() }
            await #expect(throws: NewerSchema.self, "also by migrate --check") { try await Migrator(configuration).pending() }
            let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            let finding = await Health(database, projections: []).schemaCurrent()
            #expect(!finding.healthy && finding.detail.contains("999"), "readiness and doctor: \(finding.detail)")
            await database.close()
            await connection.close()
        }
    }

    @Test("The files are numbered without a hole, and each records itself")
    func files() {
        #expect(LeftfoldSchema.migrations.map(\.number) == Array(1...LeftfoldSchema.migrations.count))
        for migration in LeftfoldSchema.migrations {
            let text = String(decoding: migration.sql, as: UTF8.self)
            #expect(text.contains("INSERT INTO migrations (number, name) VALUES (\(migration.number), '\(migration.name)');"))
            #expect(!text.replacing("leftfold.appending", with: "").contains("leftfold."), "a log's name is a parameter")
        }
    }
}
