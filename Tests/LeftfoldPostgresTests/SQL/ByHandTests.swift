import Leftfold
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldSchema
import Testing

/// The functions for people and for other languages, from psql.
@Suite struct ByHandTests {
    @Test("psql writes an event, and reads a stream, a category and the log")
    func writesAndReads() async throws {
        try await TestDatabase.with { database in
            let lines = try PSQL.run(
                """
                SELECT * FROM leftfold.write('account-1', 'AccountOpened', '{"owner":"Ada"}', expected => 0);
                SELECT * FROM leftfold.write('account-1', 'MoneyDeposited', '{"amount":5}', tags => ARRAY['teller:7']);
                SELECT * FROM leftfold.write('order-1', 'OrderPlaced', '{}', principal => 'shop');
                SELECT version, type, data FROM leftfold.read_stream('account-1');
                SELECT version, type FROM leftfold.read_stream('account-1', after_version => 1);
                SELECT position, stream FROM leftfold.read_category('account');
                SELECT position, principal FROM leftfold.read_log(after_position => 2);
                SELECT position FROM leftfold.matching('[{"tags":["teller:7"]}]');
                """, on: database.configuration)
            #expect(
                lines == [
                    "1|1", "2|2", "3|1", #"1|AccountOpened|{"owner":"Ada"}"#, #"2|MoneyDeposited|{"amount":5}"#, "2|MoneyDeposited",
                    "1|account-1", "2|account-1", "3|shop", "2",
                ])
        }
    }

    @Test("The same command id written again changes nothing, with other content it is refused")
    func writtenAgain() async throws {
        try await TestDatabase.with { database in
            let write = """
                SELECT * FROM leftfold.write('account-1', 'AccountOpened', '{"owner":"%"}', command_id => '0f8fad5b-d9cb-469f-a165-70867728950e');
                """
            let first = try PSQL.run(write, on: database.configuration)
            #expect(try PSQL.run(write, on: database.configuration) == first)
            #expect(try await database.store.head() == 1)
            #expect(throws: PSQL.Failed.self) {
                try PSQL.run(write.replacing("%", with: "Bob"), on: database.configuration)
            }
            #expect(try await database.store.head() == 1)
        }
    }

    @Test("What cannot be written is refused with the reason")
    func refused() async throws {
        try await TestDatabase.with { database in
            _ = try PSQL.run("SELECT leftfold.write('account-1', 'AccountOpened', '{}', expected => 0);", on: database.configuration)
            for statement in [
                "SELECT leftfold.write('account-1', 'AccountOpened', '{}', expected => 0);",
                "SELECT leftfold.write('no hyphen', 'AccountOpened', '{}');", "SELECT leftfold.write('account-2', '', '{}');",
                "SELECT leftfold.write(NULL, 'AccountOpened', '{}');", "SELECT leftfold.write('account-2', 'AccountOpened', NULL);",
            ] {
                #expect(throws: PSQL.Failed.self, "\(statement)") { try PSQL.run(statement, on: database.configuration) }
            }
            #expect(try await database.store.head() == 1)
        }
    }

    @Test("psql applies the migrations to a schema of any name")
    func appliesByHand() async throws {
        try await TestDatabase.withEmpty { configuration in
            let files = LeftfoldSchema.migrations.map { String(decoding: $0.sql, as: UTF8.self) }.joined(separator: "\n")
            let lines = try PSQL.run(
                """
                CREATE SCHEMA other; SET search_path = other, pg_temp;
                \(files)
                SELECT * FROM other.write('account-1', 'AccountOpened', '{}');
                """, on: configuration)
            #expect(lines.last == "1|1")
            #expect(try await Migrator(configuration, log: "other").migrate().isEmpty)
        }
    }
}
