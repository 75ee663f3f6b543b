import Leftfold
import LeftfoldDriver

/// Watches single rows of a scratch come about: a trigger writes down what becomes of them, with the event that is just being applied. So whatever
/// SQL a projection is made of, which events made a row is seen and not guessed.
struct RowWatch: Sendable {
    let scratch: Scratch
    let key: RowKey
    let keys: [[String]]

    /// What follows is done by the event at this position. Within a transaction.
    static func now(_ position: GlobalPosition) -> SQL { "SELECT set_config('leftfold.event', \(position.rawValue)::text, true)" }

    private var schema: String { scratch.schema }

    /// Within a transaction of the scratch, before anything is applied.
    func begin(on connection: Connection) async throws {
        try await scratch.generations.asOwner(of: scratch.tables, on: connection) { connection in
            try await connection.execute(
                """
                CREATE TABLE \(identifier: schema).leftfold_seen (
                    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, position bigint NOT NULL, key text[] NOT NULL, content text)
                """)
            try await connection.execute(
                """
                CREATE TABLE \(identifier: schema).leftfold_watched AS SELECT \(fragment: key.columns(of: "t")) FROM \(unsafe: key.relation) AS t
                WITH NO DATA
                """)
            try await connection.execute("INSERT INTO \(identifier: schema).leftfold_watched VALUES \(fragments: keys.map(key.row))")
            try await connection.execute(script: function)
        }
    }

    /// A row whose key changes is gone under the one, and there under the other.
    private var function: String {
        func matches(_ alias: String) -> String {
            let conditions = key.columns.map { "w.\($0.quoted) = \(alias).\($0.quoted)" }.joined(separator: " AND ")
            return "EXISTS (SELECT FROM \(schema).leftfold_watched AS w WHERE \(conditions))"
        }
        func note(_ alias: String, _ content: String) -> String {
            let texts = key.columns.map { "\(alias).\($0.quoted)::text" }.joined(separator: ", ")
            return """
                INSERT INTO \(schema).leftfold_seen (position, key, content)
                        VALUES (current_setting('leftfold.event')::bigint, ARRAY[\(texts)], \(content));
                """
        }
        func row(_ alias: String) -> String { "(\(key.columns.map { "\(alias).\($0.quoted)" }.joined(separator: ", ")))" }
        return """
            CREATE FUNCTION \(schema).leftfold_watch() RETURNS trigger LANGUAGE plpgsql AS $leftfold$
            BEGIN
                IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND \(row("OLD")) IS DISTINCT FROM \(row("NEW")) THEN
                    IF \(matches("OLD")) THEN
                        \(note("OLD", "NULL"))
                    END IF;
                END IF;
                IF TG_OP <> 'DELETE' AND \(matches("NEW")) THEN
                    \(note("NEW", "row_to_json(NEW)::text"))
                END IF;
                RETURN NULL;
            END
            $leftfold$;
            CREATE TRIGGER leftfold_watch AFTER INSERT OR UPDATE OR DELETE ON \(key.relation)
                FOR EACH ROW EXECUTE FUNCTION \(schema).leftfold_watch();
            """
    }

    /// What was seen, by key: of each the last events up to the limit, in order, and how many there are.
    func seen(limit: Int, on connection: Connection) async throws -> [[String]: (steps: [RowStep], events: Int)] {
        let rows = try await connection.execute(
            """
            SELECT s.key, e.position, e.stream::text, e.version, e.type::text, e.recorded_at::timestamptz, s.content, s.events
            FROM (
                SELECT l.*, row_number() OVER (PARTITION BY l.key ORDER BY l.position DESC) AS nth, count(*) OVER (PARTITION BY l.key) AS events
                FROM (SELECT DISTINCT ON (key, position) * FROM \(identifier: schema).leftfold_seen ORDER BY key, position, number DESC) AS l
            ) AS s JOIN \(scratch.log).events AS e ON e.position = s.position
            WHERE s.nth <= \(Int64(limit)) ORDER BY s.key, e.position
            """)
        return try rows.reduce(into: [:]) { seen, row in
            let step = RowStep(
                event: EventReference(
                    position: try row[1].decode(), stream: try row[2].decode(), version: try row[3].decode(), type: try row[4].decode(),
                    recordedAt: try row[5].decode()),
                row: try row[6].decode(String?.self).map { RawJSON(Array($0.utf8)) })
            let events: Int = try row[7].decode()
            seen[try row[0].decode([String].self), default: ([], events)].steps.append(step)
        }
    }
}
