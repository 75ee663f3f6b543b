import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldUsers
import Testing

/// Where the program prints to: closed, full, left by its reader, a terminal.
@Suite("Standard output", .serialized) struct OutputTests {
    /// All that print data, as a shell reads them.
    private static let printing = [
        "events", "events --json", "streams show user-\(id)", "journal", "journal --json", "projections", "projections --json", "doctor",
        "ask GetUser '{\"id\":\"\(id)\"}'", "migrate --check", "migrate", "projections verify user_history",
        "projections explain user_directory \(id)", "projections show user_directory", "streams state user-\(id)",
        "rebuild user_history --json",
        "projections retry user_history", "projections operations", "token --subject me", "api-key --subject me",
        "import /dev/null --format jsonl", "generate",
    ]
    private static let id = "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d"

    @Test("that is closed, full or left ends every subcommand with a status and a sentence, or none")
    func lost() async throws {
        try await withPeople { deployment in
            for line in Self.printing {
                for (target, status, says) in [
                    (">&-", 74, "cannot be written"), (">/dev/full", 74, "No space left"), ("| true; exit ${PIPESTATUS[0]}", 141, ""),
                ] as [(String, Int32, String)] {
                    let output = try await shell("\"$users\" \(line) \(target)", deployment, expecting: status)
                    #expect(output.contains(says) || says.isEmpty, "\(line) \(target): \(output)")
                    #expect(
                        !output.contains("Fatal") && !output.contains("Stack dump") && !output.contains("Broken pipe"), "\(line): \(output)"
                    )
                }
            }
            let first = try await shell("\"$users\" events | head -1", deployment)
            #expect(first.split(separator: "\n").count == 1 && first.contains("UserCreated"))
        }
    }

    @Test("of the log is as long as asked for, from wherever")
    func events() async throws {
        try await withPeople { deployment in
            let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
            for _ in 0..<103 {
                let record = CommandRecord(name: "Other", context: CommandContext(principal: Principal(subject: "another")), content: [])
                let new = NewEvent(type: "UserCreated", data: Array("{}".utf8))
                _ = try await database.store.append(
                    Append(record, StreamWrite(StreamID<User>(UUID()).name, expected: .noStream, events: [new])))
            }
            let head = try await database.store.head().rawValue
            await database.close()
            for (options, count) in [
                ("--after 0 --limit 102", 102), ("--after 0 --limit 1000", head), ("", 50), ("--after \(head - 1)", 1),
                ("--after \(Int64.max)", 0),
            ] {
                let lines = try await shell("\"$users\" events \(options)", deployment).split(separator: "\n")
                #expect(lines.count == count, "\(options)")
            }
        }
    }

    @Test("shows control characters instead of obeying them, and JSON stays the same JSON")
    func controls() async throws {
        try await withPeople { deployment in
            for line in [
                "events", "events --json", "streams show user-\(Self.id)", "streams show user-\(Self.id) --json", "journal",
                "streams state user-\(Self.id)", "projections show user_directory", "projections explain user_directory \(Self.id)",
            ] {
                let output = try await shell("\"$users\" \(line)", deployment)
                for character in ["\u{1B}", "\u{7}", "\u{202E}", "\u{85}"] { #expect(!output.contains(character), "\(line): \(output)") }
                guard line.hasSuffix("--json"), let last = output.split(separator: "\n").last else { continue }
                let event = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
                #expect((event["data"] as? [String: String])?["name"] == Self.name)
            }
        }
    }

    @Test("to a terminal has tables that fit it, and whole characters", arguments: [40, 80, 132])
    func terminal(columns: Int) async throws {
        try await withPeople { deployment in
            for line in ["journal", "projections"] {
                let text = try await onTerminal(line, columns: columns, deployment)
                let lines = text.split(separator: "\r\n")
                #expect(lines.count > 2, "\(text)")
                for line in lines { #expect(line.count <= columns && !line.contains("\u{FFFD}"), "\(line)") }
                // A pipe gets everything.
                #expect(!(try await shell("\"$users\" \(line)", deployment)).contains("…\n"))
            }
        }
    }

    private static let name = "a\u{1B}[2J\u{7}\u{202E}\u{85}b"

    /// A user whose name holds what a terminal would obey, and one with a name of wide characters.
    private func withPeople(_ body: (Deployment) async throws -> Void) async throws {
        try await Deployment.lend { deployment in
            let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
            for (id, name) in [(UUID(), "王小明"), (try #require(UUID(uuidString: Self.id)), Self.name)] {
                let context = CommandContext(principal: Principal(subject: "王小明👩‍👩‍👧 of a long name"))
                _ = try await database.store.append(
                    Append(
                        CommandRecord(name: "CreateUser", context: context, content: Array("\(id)".utf8)),
                        StreamWrite(
                            StreamID<User>(id).name, expected: .noStream,
                            events: [try EventCodec.encode(User.Event.created(email: "\(id)@example.com", name: name))])))
            }
            await database.close()
            _ = try await deployment.run("rebuild", "user_directory")
            _ = try await deployment.run("rebuild", "user_history")
            try await body(deployment)
        }
    }

    private func shell(_ line: String, _ deployment: Deployment, expecting status: Int32 = 0) async throws -> String {
        let program = try Program(["-c", line], environment: environment(deployment), executable: "/bin/bash")
        let ended = try await program.end()
        // Nothing is at work here, which `doctor` finds; what it says is written before that.
        #expect(ended == status || line.contains(" doctor") && ended == 3, "\(line): \(program.output)")
        return program.output
    }

    private func environment(_ deployment: Deployment) -> [String: String] {
        deployment.environment.merging(["users": Program.path, "LOG_LEVEL": "critical"]) { $1 }
    }

    /// What it prints on a terminal of this width.
    private func onTerminal(_ line: String, columns: Int, _ deployment: Deployment) async throws -> String {
        let script = """
            import fcntl, os, pty, struct, subprocess, sys, termios
            terminal, screen = pty.openpty()
            fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
            program = subprocess.Popen(sys.argv[2:], stdout=screen)
            os.close(screen)
            while True:
                try: text = os.read(terminal, 4096)
                except OSError: break
                sys.stdout.buffer.write(text)
            sys.exit(program.wait())
            """
        return try await Program.run(
            ["-c", script, "\(columns)", Program.path, line], environment: environment(deployment), executable: "/usr/bin/python3")
    }
}
