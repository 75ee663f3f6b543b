import Foundation
import Testing

/// What the command line refuses, and how it says so. None of it needs a database.
@Suite("The command line", .serialized) struct UsageTests {
    /// One call, written for a shell; `$users` is the program.
    struct Row: CustomTestStringConvertible {
        let line: String
        let status: Int32
        let says: String
        var environment: [String: String] = [:]

        init(_ line: String, _ status: Int32, _ says: String, _ environment: [String: String] = [:]) {
            (self.line, self.status, self.says, self.environment) = (line, status, says, environment)
        }

        var testDescription: String { "\(environment) \(line)" }
    }

    private static let arguments: [Row] = [
        Row("events --limit=-1", 64, "--limit must be between 1 and"), Row("events --limit 0", 64, "--limit must be"),
        Row("events --after=-1", 64, "--after must be between 0 and"), Row("events --limit 9223372036854775808", 64, "--limit"),
        Row("journal --limit=-1", 64, "--limit must be"), Row("streams show user-1 --after=-1", 64, "--after must be"),
        Row("ask GetUser --after=-1", 64, "--after must be"), Row("send X --expected-version=-1", 64, "--expected-version must be"),
        Row("serve --port 70000", 64, "--port must be between 0 and 65535"), Row("serve --port=-1", 64, "--port must be"),
        Row("dev --port 70000", 64, "--port must be"), Row("project --port 70000", 64, "--port must be"),
        Row("migrate --wait=-1", 64, "--wait must be"), Row("import --in-flight 0 x", 64, "--in-flight must be"),
        Row("doctor --maximum-lag=-1", 64, "--maximum-lag must be"), Row("doctor --maximum-lag nan", 64, "--maximum-lag must be"),
        Row("token --subject me --lifetime=-1", 64, "--lifetime must be"), Row("api-key --subject me --days 0", 64, "--days must be"),
        Row("projections skip x --reason y", 64, "Either --position or --stream"),
        Row("projections skip x --reason y --position 1 --stream a-b", 64, "Either --position or --stream"),
        Row("projections skip x --reason y --stream nonsense", 64, "category-id"),
        Row("projections pause x --reason ' '", 64, "1 to 2000 bytes"),
        Row("streams state user-1 --version 0", 64, "--version must be between 1 and"),
        Row("streams state user-1 --version 1 --at 2026-01-01T00:00:00Z", 64, "Either --version or --at"),
        Row("streams state user-1 --at 2026-01-01T00:00:00", 64, "no time with a zone"),
        Row("streams state user-1 --at yesterday", 64, "no time with a zone"), Row("streams state nonsense", 64, "category-id"),
        Row("projections show x --as-of 2026-01-01", 64, "neither a position nor a time with a zone"),
        Row("projections show x --as-of=-1", 64, "neither a position"), Row("projections show x --keep 5", 64, "30s, 15m, 1h or 7d"),
        Row("projections show x --limit 0", 64, "--limit must be"), Row("projections verify x --every 0s", 64, "30s, 15m, 1h or 7d"),
        Row("projections verify x --events-per-second 0", 64, "--events-per-second must be"),
        Row("projections explain x", 64, "primary key"), Row("projections explain x y --up-to=-1", 64, "--up-to must be"),
        Row("generate --count=-1", 64, "must not be negative"), Row("generate --output /nowhere/x", 1, "/nowhere/x cannot be written to"),
        Row("serve --env-fil x", 64, "--env-file"), Row("nonsense", 64, "nonsense"),
        Row(#"send "$(printf 'a\377')""#, 64, "Argument 2 is not UTF-8"), Row(#"--"$(printf '\300\200')""#, 64, "Argument 1 is not UTF-8"),
        Row("events --json --limit=-1", 64, #"{"code":"usage","message":"--limit must be between 1 and 1000000.","status":64}"#),
        Row(#"journal --id "$(printf 'x\033[2J')""#, 64, #"\u{1b}[2J"#),
    ]

    private static let credentials: [Row] = [
        Row("token --subject me --role amdin", 64, "there is no role “amdin”; there are admin, editor, viewer"),
        Row("api-key --subject me --role amdin", 64, "there is no role “amdin”"),
        Row("token --subject me --role Admin --json", 64, #"{"code":"usage","message":"there is no role “Admin”;"#),
        Row("token --subject me --data /nowhere", 78, "/nowhere is no folder of dev"),
        Row("token --subject me --data /tmp", 78, "/tmp is no folder of dev"),
        Row("token --subject me", 78, "JWT_KEYS_FILE"), Row("token --subject ''", 78, "empty", ["JWT_KEYS": keys]),
        Row("token --subject '' --json", 78, #"{"code":"misconfigured","#, ["JWT_KEYS": keys]),
        Row("api-key --subject ''", 78, "empty"), Row("dev --data /etc/passwd", 78, "/etc/passwd"), Row("secrets /proc/x", 78, "/proc/x"),
    ]
    private static let keys = #"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"\#(String(repeating: "A", count: 43))"}]}"#

    private static let settings: [Row] = [
        Row("serve", 78, "PORT is not a whole number between 0 and 65535", ["PORT": "70000"]), Row("serve", 78, "PORT", ["PORT": "-1"]),
        Row("serve", 78, "there is no setting DATABSE_URL; DATABASE_URL is meant", ["DATABSE_URL": "x"]),
        Row("project", 78, "PROJECT_PORT", ["PROJECT_PORT": "70000"]),
        Row("events", 78, "LOG_LEVEL is not a log level", ["LOG_LEVEL": "loud"]),
        Row("events --json", 78, #"{"code":"misconfigured","message":"LOG_LEVEL is not"#, ["LOG_LEVEL": "loud"]),
        Row("events", 78, "there is no database: set DATABASE_URL", ["DATABASE_URL": ""]),
        Row("events --env-file /nowhere", 78, "/nowhere cannot be read"),
    ]

    private static let unreachable: [Row] = [
        Row("events", 69, "cannot be reached", ["DATABASE_URL": "host=/nonexistent"]),
        Row("events --json", 69, #"{"code":"unavailable","#, ["DATABASE_URL": "host=/nonexistent"]),
        Row("migrate --wait 0", 69, "cannot be reached", ["DATABASE_URL": "host=/nonexistent"]),
        Row("doctor --check database", 3, "BAD  database: the database cannot be reached", ["DATABASE_URL": "host=/nonexistent"]),
        // What the shell says of another server is no setting of ours.
        Row("events", 69, #"socket "/nonexistent/.s.PGSQL.5432""#, ["DATABASE_URL": "host=/nonexistent", "PGPORT": "1", "PGSERVICE": "x"]),
    ]

    private static let output: [Row] = [
        Row("--version", 0, "0.1.0"), Row("--help >/dev/full", 74, "cannot be written: No space left"),
        Row("--version >&-", 74, "cannot be written"), Row("--version >/dev/full", 74, "cannot be written"),
        Row("generate >/dev/full", 74, "cannot be written"), Row("generate >&-", 74, "cannot be written"),
        Row("generate --count 100000 | head -1", 0, #"{"command":"CreateUser""#),
        Row("--generate-completion-script bash", 0, "rebuild"), Row("--generate-completion-script zsh", 0, "rebuild"),
        Row("--generate-completion-script fish", 0, "rebuild"), Row("--generate-completion-script nonsense", 64, "bash"),
        Row("nonsense 2>&-; test $? = 64", 0, ""), Row("nonsense 2>/dev/full; test $? = 64", 0, ""),
    ]

    @Test(
        "says what is wrong in a sentence and ends with the status for it",
        arguments: arguments + credentials + settings + unreachable + output)
    func refused(row: Row) async throws {
        let output = try await run(row.line, row.environment, expecting: row.status)
        #expect(row.says.isEmpty || output.contains(row.says), "\(output)")
        #expect(!output.contains("Fatal error") && !output.contains("Stack dump") && !output.contains("\u{1B}"), "\(output)")
    }

    @Test("hands out completions that the shell accepts")
    func completions() async throws {
        let script = FileManager.default.temporaryDirectory.appendingPathComponent("leftfold-\(UUID()).bash")
        defer { try? FileManager.default.removeItem(at: script) }
        let line = #"--generate-completion-script bash > "$script" && . "$script" && complete -p users"#
        #expect(try await run(line, ["script": script.path]).contains("-F"))
    }

    @Test("reads a file of settings as people write it, and never quotes it")
    func environmentFile() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("leftfold-\(UUID()).env").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        func write(_ text: String, mode: Int = 0o600) {
            _ = FileManager.default.createFile(atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        }
        let good = "\u{FEFF}# ours\r\nexport PORT=\"1\"\r\nDATABASE_URL = 'host=/nonexistent' # there\r\nJWT_ISSUER=\r\n"
        write(good)
        #expect(try await run("events --env-file \(file)", ["DATABASE_URL": ""], expecting: 69).contains("/nonexistent"))
        write(good + "DATABASE_URL=secret-1\r\nPASSWORD secret-2\r\n")
        let output = try await run("events --env-file \(file)", expecting: 78)
        #expect(output.contains("\(file), line 5:") && !output.contains("secret"))
        write("PORT=1\r\nDATABASE_URL=host=/nonexistent\rLOG_LEVEL=secret-3\r\n")
        #expect(!(try await run("events --env-file \(file)", expecting: 78).contains("secret")))
        write(good)
        #expect(chmod(file, 0o644) == 0)
        let loose = try await run("events --env-file \(file)", expecting: 78)
        #expect(loose.contains("0644") && loose.contains(file), "\(loose)")
    }

    /// Without what the shell of whoever runs the tests has set.
    private func run(_ line: String, _ environment: [String: String] = [:], expecting status: Int32 = 0) async throws -> String {
        try await Program.run(
            [
                "-c",
                "unset DATABASE_URL; \(environment.keys.sorted().map { "\($0)=$ROW_\($0); export \($0); " }.joined())\"$users\" \(line)",
            ],
            environment: Dictionary(environment.map { ("ROW_" + $0.key, $0.value) }) { $1 }.merging(["users": Program.path]) { $1 },
            executable: "/bin/bash", expecting: status)
    }
}
