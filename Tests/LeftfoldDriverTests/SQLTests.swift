import Testing

@testable import LeftfoldDriver

@Suite struct SQLTests {
    @Test("Values are bound, never spliced")
    func bound() {
        let name: String? = nil
        let sql: SQL = "SELECT \(1), \("a'; DROP TABLE users; --"), \(name), \([1, 2])"
        #expect(sql.text == "SELECT $1, $2, $3, $4")
        #expect(sql.template.placeholders.map(\.type) == [20, 25, 25, 1016])
        #expect(sql.lengths == [8, 24, nil, 44])
        #expect(sql.values[8..<32].elementsEqual("a'; DROP TABLE users; --".utf8))
        #expect(sql.problem == nil)
    }

    @Test("An identifier of the allow-list is quoted", arguments: ["users", "_x", "a1", String(repeating: "a", count: 63)])
    func identifiers(_ name: String) {
        let sql: SQL = "SELECT * FROM \(identifier: name)"
        #expect(sql.text == "SELECT * FROM \"\(name)\"" && sql.problem == nil)
    }

    @Test(
        "Any other identifier keeps the statement from being sent",
        arguments: ["", "Users", "1a", "a b", "a\"b", "a;b", "ä", "a\0", String(repeating: "a", count: 64)])
    func otherIdentifiers(_ name: String) {
        let sql: SQL = "SELECT * FROM \(identifier: name)"
        #expect(sql.problem?.kind == .encoding)
        #expect(!sql.text.contains("\""))
    }

    @Test("A NUL keeps the statement from being sent, wherever it is")
    func nul() {
        #expect(("SELECT \("a\0b")" as SQL).problem?.kind == .encoding)
        #expect(("SELECT \(["a", "b\0"])" as SQL).problem?.kind == .encoding)
        #expect(SQL(unsafe: "SELECT 1\0").problem?.kind == .encoding)
        #expect(("SELECT \(unsafe: "1\0")" as SQL).problem?.kind == .encoding)
        #expect(("SELECT \(JSONBytes([0]))" as SQL).problem?.kind == .encoding)
    }

    @Test("Placeholders are numbered over all fragments, and nothing in the text is taken for one")
    func fragments() {
        let condition: SQL = "a = \(1) AND b = '$1' AND \"$2\" = $q$ $1 $q$ /* $1 */ AND c = \(2) -- $1"
        let sql: SQL = "SELECT \(0) WHERE \(fragment: condition) AND \(fragment: "d = \(3)")"
        #expect(sql.text == "SELECT $1 WHERE a = $2 AND b = '$1' AND \"$2\" = $q$ $1 $q$ /* $1 */ AND c = $3 -- $1 AND d = $4")
        #expect(sql.lengths == [8, 8, 8, 8] && sql.values.indices.filter { $0 % 8 == 7 }.map { sql.values[$0] } == [0, 1, 2, 3])
        let lexed: SQL = "SELECT E'\\'\(unsafe: "$1")', \(0) \(fragment: "/* /* $1 */ \(7) */")"
        #expect(lexed.text == "SELECT E'\\'$1', $1 /* /* $1 */ $2 */")
        let nested: SQL = "\(fragment: "\(fragment: "\(1)")\(fragment: "")")\(fragment: "\(2)")"
        #expect(nested.text == "$1$2")
        let list: SQL = "(\(fragments: ["a", "\(1)", "b = \(2)"])) \(fragments: [])"
        #expect(list.text == "(a, $1, b = $2) ")
        let bad: SQL = "SELECT \(fragment: "\(identifier: "X")")"
        #expect(bad.problem != nil)
    }

    @Test("More than 65535 values keep the statement from being sent")
    func tooMany() {
        #expect((0..<16).reduce("\(true)" as SQL) { sql, _ in "\(fragment: sql), \(fragment: sql)" }.problem?.kind == .misuse)
    }

    @Test("An array of arrays keeps the statement from being sent")
    func nested() {
        #expect(("SELECT \([[1]])" as SQL).problem?.kind == .encoding)
    }

    @Test("Descriptions show neither passwords nor row data")
    func descriptions() throws {
        let configuration = try ConnectionConfiguration("postgresql://me:hunter2@h1,h2:5433/db?target_session_attrs=read-write")
        #expect(!"\(configuration)".contains("hunter2") && !String(reflecting: configuration).contains("hunter2"))
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(configuration["host"] == "h1,h2" && configuration["target_session_attrs"] == "read-write")
        #expect(throws: PostgresError.self) { try ConnectionConfiguration("host='") }
        #expect(throws: PostgresError.self) { try ConnectionConfiguration("nonsense=1") }
        let error = PostgresError(
            .server(.uniqueViolation), "duplicate", sqlState: nil, fields: PostgresError.Fields(detail: "Key (mail)=(secret@x.org)"))
        #expect(!error.description.contains("secret") && error.detail?.contains("secret") == true)
    }

    @Test("Settings become options of the session's start")
    func options() throws {
        var configuration = try ConnectionConfiguration("dbname=x options='-c geqo=off'")
        configuration.statementTimeout = .milliseconds(1500)
        configuration.settings = ["search_path": "a b\\c"]
        let parameters = Dictionary(uniqueKeysWithValues: configuration.libpqParameters.map { ($0.keyword, $0.value) })
        let options = try #require(parameters["options"])
        // Ours for who says nothing, then the operator's, then what we depend on: the last one counts.
        let places = try ["-c statement_timeout=0 ", " -c geqo=off ", " -c search_path=a\\ b\\\\c -c", " -c statement_timeout=1500"].map {
            try #require(options.firstRange(of: $0), "\($0) in \(options)").lowerBound
        }
        #expect(places == places.sorted())
        #expect(parameters["client_encoding"] == "UTF8" && parameters["gssencmode"] == "disable")
    }

    @Test("The cache evicts what was used least")
    func cache() {
        var cache = StatementCache(limit: 8)
        let statements = (0..<8).map { SQL(unsafe: "SELECT \($0)") }
        for sql in statements {
            #expect(cache.name(of: sql) == nil)
            cache.insert(sql, name: cache.newName())
        }
        #expect(cache.isFull && cache.name(of: statements[0]) == "lf1")
        cache.evict()
        #expect(cache.takeAbandoned() == ["lf2"] && cache.name(of: statements[1]) == nil && cache.count == 7)
        let (narrow, wide): (SQL, SQL) = ("SELECT \(Int32(0))", "SELECT \(Int64(0))")
        cache.insert(narrow, name: "narrow")
        #expect(cache.name(of: wide) == nil, "other types are another statement")
        #expect(cache.name(of: "SELECT \(Int32(7))") == "narrow", "other values are the same")
        #expect(cache.name(of: "\(Int32(7))SELECT ") == nil, "other places are another")
        cache.forget(statements[0], onServer: false)
        #expect(cache.name(of: statements[0]) == nil && cache.abandoned.isEmpty)
    }
}
