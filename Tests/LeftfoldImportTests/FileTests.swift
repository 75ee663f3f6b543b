import Foundation
import Leftfold
import Testing

@testable import LeftfoldImport

@Suite("Files and pipes")
struct FileTests {
    private func importer() -> Importer {
        let store = InMemoryEventStore()
        return Importer(commands: users(on: store), store: store)
    }

    private func line(_ number: Int) -> String {
        #"{"command":"CreateUser","id":"\#(UUID())","email":"\#(number)@example.org","name":"N"}"#
    }

    @Test("a file is read to its end, and the progress with it")
    func file() async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data((0..<3000).map { line($0) + "\n" }.joined().utf8).write(to: url)
        let shown = Shared<[String]>([])
        let progress = ProgressDisplay("import", unit: "lines", columns: nil, now: { .zero }) { text in shown.withLock { $0.append(text) } }
        let result = try await importer().run(ImportFile(url.path), progress: progress) { Issue.record("\($0)") }
        #expect(result.isClean)
        #expect(result.accepted == 3000)
        #expect(shown.value.last == "import: 100 %, 3,000 lines, 0/s, 0.0 s\n")
    }

    @Test("a pipe is read as its writer writes; what is there is imported before the rest comes")
    func pipe() async throws {
        let pipe = Pipe()
        let bytes = FileBytes(pipe.fileHandleForReading, size: nil)
        let written = Shared(1)
        let first = line(0) + "\n"
        try pipe.fileHandleForWriting.write(contentsOf: Data(first.utf8))
        let store = InMemoryEventStore()
        let hooked = HookedStore(
            base: store,
            afterAppend: { _ in
                // The next line is written when the one before is stored.
                let number = written.withLock {
                    $0 += 1
                    return $0
                }
                if number > 3 { return try pipe.fileHandleForWriting.close() }
                try pipe.fileHandleForWriting.write(contentsOf: Data((line(number) + "\n").utf8))
            })
        let result = try await Importer(commands: users(on: hooked), store: hooked)
            .run(bytes, format: .jsonl, name: "pipe") { Issue.record("\($0)") }
        #expect((result.end, result.accepted) == (.complete, 3))
    }

    @Test("waiting for a pipe that says nothing can be cancelled")
    func silentPipe() async throws {
        let pipe = Pipe()
        let bytes = FileBytes(pipe.fileHandleForReading, size: nil)
        let importer = importer()
        let task = Task { try await importer.run(bytes, format: .jsonl, name: "pipe") { _ in } }
        task.cancel()
        let result = try await task.value
        #expect((result.end, result.lines) == (.interrupted, 0))
        try pipe.fileHandleForWriting.close()
    }

    @Test("what is no file is an error", arguments: ["/nowhere/at/all.jsonl", "/"])
    func unreadable(path: String) async throws {
        await #expect(throws: (any Error).self) { try await importer().run(ImportFile(path)) { _ in } }
    }

    @Test("the result is told to people and to machines")
    func result() throws {
        var result = ImportResult(
            lines: 1200, accepted: 1190, repeated: 3, rejected: ["email_taken": 7, "user_not_found": 2], elapsed: .seconds(2))
        result.invalid = ["malformed_json": 1]
        #expect(
            "\(result)" == """
                lines     1200
                accepted  1190 (3 of them in an earlier run)
                rejected  9 (email_taken 7, user_not_found 2)
                invalid   1 (malformed_json 1)
                elapsed   2.0 s, 600 lines/s
                """)
        #expect(
            String(decoding: try StrictJSON.encode(result), as: UTF8.self) == """
                {"accepted":1190,"end":"complete","invalid":{"malformed_json":1},"lines":1200,"lines_per_second":600,\
                "rejected":{"email_taken":7,"user_not_found":2},"repeated":3,"seconds":2}
                """)
        result.end = .interrupted
        #expect("\(result)".hasSuffix("Stopped before the end. Run it again to finish: what is done is not done twice."))
    }
}
