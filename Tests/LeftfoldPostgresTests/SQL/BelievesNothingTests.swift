import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

/// `append`, `append_one`, `record` and `advance` are given nonsense: all of it is refused with a code, and nothing is written.
@Suite struct BelievesNothingTests {
    /// Two commands, three writes, four events, and everything that is optional.
    private static let append: [String: String] = [
        "p_command_ids": "ARRAY[gen_random_uuid(), gen_random_uuid()]", "p_contents": "ARRAY['a', 'b']::bytea[]",
        "p_names": "ARRAY['Open', 'Open']", "p_principals": "ARRAY['me', 'me']", "p_correlation_ids": "ARRAY['c', 'c']",
        "p_causation_ids": "ARRAY['x', NULL]", "p_received_at": "ARRAY[now(), now()]",
        "p_streams": "ARRAY['note-1', 'note-2', 'note-3']", "p_expected": "ARRAY[0, 0, NULL]::bigint[]",
        "p_event_types": "ARRAY['A', 'B', 'C', 'D']", "p_event_data": "ARRAY['{}', '{}', '{}', '{}']::json[]",
        "p_write_commands": "ARRAY[1, 1, 2]", "p_event_writes": "ARRAY[1, 2, 2, 3]", "p_follows": "ARRAY[false, true]",
        "p_tag_events": "ARRAY[1, 4]", "p_tags": "ARRAY['x', 'y']", "p_claim_writes": "ARRAY[1, 3]", "p_claim_takes": "ARRAY[true, true]",
        "p_claim_kinds": "ARRAY['email', 'email']", "p_claim_values": "ARRAY['a', 'b']",
        "p_conditions": #"ARRAY[NULL, '[{"after":0,"items":[{"types":["Z"],"tags":["z"]}]}]']::json[]"#,
    ]

    private static let record: [String: String] = [
        "p_command_ids": "ARRAY[gen_random_uuid()]", "p_contents": "ARRAY['a']::bytea[]", "p_names": "ARRAY['Open']",
        "p_principals": "ARRAY['me']", "p_correlation_ids": "ARRAY['c']", "p_causation_ids": "NULL", "p_received_at": "ARRAY[now()]",
        "p_streams": "ARRAY['note-1']", "p_outcomes": "ARRAY['denied']", "p_codes": "ARRAY['forbidden']",
    ]

    /// An argument and the nonsense it is given.
    struct Nonsense: CustomTestStringConvertible, Sendable {
        let function: String
        let argument: String
        let value: String
        var testDescription: String { "\(function): \(argument) => \(value)" }
    }

    private static let nonsense: [Nonsense] =
        append.keys.sorted().flatMap { argument in
            wrong(append[argument] ?? "", argument).map { Nonsense(function: "append", argument: argument, value: $0) }
        }
        + record.keys.sorted().flatMap { argument in
            wrong(record[argument] ?? "", argument).map { Nonsense(function: "record", argument: argument, value: $0) }
        } + more

    /// One element too many, one missing, a null where none may be, an array that begins elsewhere or has two dimensions.
    private static func wrong(_ good: String, _ argument: String) -> [String] {
        if good == "NULL" { return [] }
        let nulls =
            ["p_causation_ids", "p_expected", "p_conditions"].contains(argument) || (argument == "p_streams" && !good.contains("note-2"))
        let null =
            nulls ? [] : ["(SELECT array_agg(CASE WHEN n > 1 THEN v END ORDER BY n) FROM unnest(\(good)) WITH ORDINALITY AS u (v, n))"]
        return ["(\(good)) || (\(good))[1]", "(\(good))[2:]", "(\(good))[:0]", "ARRAY[\(good), \(good)]"] + null
    }

    private static let more = [
        ("append", "p_expected", "ARRAY[0, -1, NULL]::bigint[]"), ("append", "p_write_commands", "ARRAY[0, 1, 2]"),
        ("append", "p_write_commands", "ARRAY[1, 2, 1]"), ("append", "p_write_commands", "ARRAY[1, 2, 3]"),
        ("append", "p_event_writes", "ARRAY[0, 1, 2, 3]"), ("append", "p_event_writes", "ARRAY[2, 1, 2, 3]"),
        ("append", "p_event_writes", "ARRAY[1, 2, 3, 4]"), ("append", "p_follows", "ARRAY[true, true]"),
        ("append", "p_tag_events", "ARRAY[1, 5]"), ("append", "p_tag_events", "ARRAY[0, 1]"), ("append", "p_claim_writes", "ARRAY[0, 3]"),
        ("append", "p_claim_writes", "ARRAY[1, 4]"), ("append", "p_streams", "ARRAY['note-1', 'note-1', 'note-3']"),
        ("append", "p_streams", "ARRAY['nothyphen', 'note-2', 'note-3']"), ("append", "p_streams", "ARRAY['Note-1', 'note-2', 'note-3']"),
        ("append", "p_streams", "ARRAY[E'note-\\n', 'note-2', 'note-3']"), ("append", "p_streams", "ARRAY['note-', 'note-2', 'note-3']"),
        ("append", "p_event_types", "ARRAY['', 'B', 'C', 'D']"), ("append", "p_received_at", "ARRAY['infinity', now()]::timestamptz[]"),
        ("append", "p_names", "ARRAY['', 'Open']"), ("append", "p_principals", "ARRAY['', 'me']"),
        ("append", "p_conditions", "ARRAY[NULL, '{}']::json[]"), ("append", "p_conditions", #"ARRAY[NULL, '[{"items":[]}]']::json[]"#),
        ("append", "p_conditions", #"ARRAY[NULL, '[{"after":-1,"items":[{}]}]']::json[]"#),
        ("append", "p_conditions", #"ARRAY[NULL, '[{"after":0,"items":[{"tag":["x"]}]}]']::json[]"#),
        ("record", "p_outcomes", "ARRAY['accepted']"), ("record", "p_outcomes", "ARRAY['whatever']"), ("record", "p_codes", "ARRAY['']"),
        ("record", "p_received_at", "ARRAY['-infinity']::timestamptz[]"),
    ].map { Nonsense(function: $0, argument: $1, value: $2) }

    @Test("The functions refuse nonsense with a code and write nothing")
    func refuses() async throws {
        try await TestDatabase.with { database in
            #expect(Self.nonsense.count > 100)
            for case let nonsense in Self.nonsense {
                var arguments = nonsense.function == "append" ? Self.append : Self.record
                arguments[nonsense.argument] = nonsense.value
                let list = arguments.sorted { $0.key < $1.key }.map { "\($0.key) => \($0.value)" }.joined(separator: ", ")
                do {
                    let rows = try await database.pool.execute(SQL(unsafe: "SELECT * FROM leftfold.\(nonsense.function)(\(list))"))
                    Issue.record("\(nonsense.testDescription) was answered \(rows.count) rows")
                } catch let error as PostgresError {
                    // 42725/42804 and the like: PostgreSQL itself finds no such call.
                    #expect(
                        error.sqlState?.rawValue == "LF006" || error.sqlState?.errorClass == "42", "\(nonsense.testDescription): \(error)")
                }
            }
            #expect(try await database.store.head() == .zero)
            #expect(try await database.store.journal(JournalFilter()).isEmpty)
            // The good call is good, or all of this would mean nothing.
            let list = Self.append.map { "\($0.key) => \($0.value)" }.joined(separator: ", ")
            try await database.pool.execute(SQL(unsafe: "SELECT * FROM leftfold.append(\(list))"))
            #expect(try await database.store.head() == 4)
        }
    }

    @Test(
        "What a batch is said to touch is announced only if it is well-formed",
        arguments: ["NULL", "'* *'", "'a b'", "E'a\\n'", "'+/'", "repeat('a', 7601)"])
    func touched(value: String) async throws {
        try await TestDatabase.with { database in
            try await database.pool.execute("INSERT INTO leftfold.followers (name) VALUES ('f')")
            let call = { (touched: String) in "SELECT leftfold.advance('f', 0, 0, 0, '5 s', \(touched))" }
            let error = await #expect(throws: PostgresError.self) { try await database.pool.execute(SQL(unsafe: call(value))) }
            #expect(error?.sqlState?.rawValue == "LF006")
            for good in ["'*'", "''", "repeat('aZ0-_', 1520)"] { try await database.pool.execute(SQL(unsafe: call(good))) }
        }
    }

    @Test("Content that is null is not the same content")
    func nullContent() async throws {
        try await TestDatabase.with { database in
            let append = Note.append(to: try Note.stream("a"), expected: .noStream)
            _ = try await database.store.append(append)
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(
                    """
                    SELECT * FROM leftfold.append_one(
                        \(append.command.context.commandID), NULL, 'Note', 'tester', 'test', NULL, now(), 'note-a', 0, 'Noted', '{}')
                    """)
            }
            #expect(error?.sqlState?.rawValue == "LF006")
        }
    }
}
