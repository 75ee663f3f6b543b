import Testing

@testable import LeftfoldDriver

@Suite struct SQLTests {
    @Test func valuesAreBound() {
        let name: String? = nil
        let sql: SQL = "SELECT \(1), \("a'; DROP TABLE users; --"), \(name), \([1, 2])"
        #expect(sql.text == "SELECT $1, $2, $3, $4")
        #expect(sql.parameters.map(\.oid) == [20, 25, 25, 1016])
        #expect(sql.parameters[1].bytes == Array("a'; DROP TABLE users; --".utf8))
        #expect(sql.parameters[2].bytes == nil)
        #expect(sql.problem == nil)
    }

    @Test(arguments: ["users", "_x", "a1", String(repeating: "a", count: 63)])
    func identifiersThatPass(_ name: String) {
        let sql: SQL = "SELECT * FROM \(identifier: name)"
        #expect(sql.text == "SELECT * FROM \"\(name)\"" && sql.problem == nil)
    }

    @Test(arguments: ["", "Users", "1a", "a b", "a\"b", "a;b", "ä", "a\0", String(repeating: "a", count: 64)])
    func identifiersThatDoNot(_ name: String) {
        let sql: SQL = "SELECT * FROM \(identifier: name)"
        #expect(sql.problem?.kind == .encoding)
        #expect(!sql.text.contains("\""))
    }

    @Test func nulIsRefused() {
        #expect(("SELECT \("a\0b")" as SQL).problem?.kind == .encoding)
        #expect(("SELECT \(["a", "b\0"])" as SQL).problem?.kind == .encoding)
        #expect(SQL(unsafe: "SELECT 1\0").problem?.kind == .encoding)
        #expect(SQL(unsafe: "SELECT $1", [Parameter("\0")]).problem?.kind == .encoding)
    }

    @Test func fragmentsAreRenumbered() {
        let condition: SQL = "a = \(1) AND b = '$1' AND \"$2\" = $q$ $1 $q$ /* $1 */ AND c = \(2) -- $1"
        let sql: SQL = "SELECT \(0) WHERE \(fragment: condition) AND \(fragment: "d = \(3)")"
        #expect(sql.text == "SELECT $1 WHERE a = $2 AND b = '$1' AND \"$2\" = $q$ $1 $q$ /* $1 */ AND c = $3 -- $1 AND d = $4")
        #expect(sql.parameters.count == 4)
        let bad: SQL = "SELECT \(fragment: "\(identifier: "X")")"
        #expect(bad.problem != nil)
    }

    @Test func tooManyParametersAreRefused() {
        #expect(SQL(unsafe: "SELECT 1", Array(repeating: Parameter(1), count: 65_536)).problem?.kind == .misuse)
    }

    @Test func nestedArraysAreRefused() {
        #expect(("SELECT \([[1]])" as SQL).problem?.kind == .encoding)
    }

    @Test func descriptionsHideRowsAndPasswords() throws {
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

    @Test func settingsBecomeStartupOptions() throws {
        var configuration = try ConnectionConfiguration("dbname=x options='-c geqo=off'")
        configuration.statementTimeout = .milliseconds(1500)
        configuration.settings = ["search_path": "a b\\c"]
        let parameters = Dictionary(uniqueKeysWithValues: configuration.libpqParameters.map { ($0.keyword, $0.value) })
        #expect(parameters["options"] == "-c geqo=off -c search_path=a\\ b\\\\c -c statement_timeout=1500")
        #expect(parameters["client_encoding"] == "UTF8" && parameters["gssencmode"] == "disable")
    }

    @Test func cacheKeepsWhatIsUsed() {
        var cache = StatementCache(limit: 8)
        let statements = (0..<8).map { SQL(unsafe: "SELECT \($0)") }
        for sql in statements {
            #expect(cache.name(of: sql) == nil)
            cache.insert(sql, name: cache.newName())
        }
        #expect(cache.isFull && cache.name(of: statements[0]) == "lf1")
        cache.evict()
        #expect(cache.takeAbandoned() == ["lf2"] && cache.name(of: statements[1]) == nil && cache.count == 7)
        let typed = SQL(unsafe: "SELECT 0", [Parameter(1)])
        #expect(cache.name(of: typed) == nil, "other parameter types are another statement")
        cache.forget(statements[0], onServer: false)
        #expect(cache.name(of: statements[0]) == nil && cache.abandoned.isEmpty)
    }
}
