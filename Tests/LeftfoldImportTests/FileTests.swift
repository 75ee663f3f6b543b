import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@testable import LeftfoldImport

@Suite("Files and pipes")
struct FileTests {
    private func importer() -> Importer {
        let store = InMemoryEventStore()
        return Importer.test(on: store)
    }

    private func line(_ number: Int) -> String {
        #"{"command":"CreateUser","id":"\#(UUID())","email":"\#(number)@example.org","name":"N"}"#
    }

    @Test("a file is read to its end, and the progress with it")
    func file() async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data((0..<3000).map { line($0) + "\n" }.joined().utf8).write(to: url)
        let shown = Shared<[ImportProgress]>([])
        let result = try await importer().run(ImportFile(url.path), progress: { told in shown.withLock { $0.append(told) } }) {
            Issue.record("\($0)")
        }
        #expect(result.isClean)
        #expect(result.accepted == 3000)
        #expect(shown.value.last == ImportProgress(lines: 3000, fraction: 1))
        #expect(shown.value.map(\.lines) == shown.value.map(\.lines).sorted())
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
        let result = try await Importer.test(on: hooked)
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
}
