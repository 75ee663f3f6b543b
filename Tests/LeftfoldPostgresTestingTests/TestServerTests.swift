import Foundation
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

@Suite("A server for tests") struct TestServerTests {
    @Test("is started by the first who asks, and gone when its owner stops it")
    func ownServer() async throws {
        let server = TestServer(places: 1)
        let folder = try await TestDatabase.with(on: server) { database in
            try await database.pool.execute("SELECT current_setting('data_directory')").first?.decode(String.self)
        }
        #expect(FileManager.default.fileExists(atPath: try #require(folder)))
        try await server.stop()
        #expect(!FileManager.default.fileExists(atPath: try #require(folder)))
    }

    #if os(Linux)
        @Test("inherits nothing that is open in the process that starts it")
        func inheritance() async throws {
            // A pipe that a server held open would never end for its reader.
            let pipe = Pipe()
            let server = TestServer(places: 1)
            let files = FileManager.default
            try await TestDatabase.with(on: server) { database in
                let folder = try #require(
                    try await database.pool.execute("SELECT current_setting('data_directory')").first?.decode(String.self))
                let process = try #require(
                    try String(contentsOfFile: folder + "/postmaster.pid", encoding: .utf8).split(separator: "\n").first)
                let ours = try files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(pipe.fileHandleForWriting.fileDescriptor)")
                let theirs = try files.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap {
                    try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
                }
                #expect(!theirs.isEmpty && !theirs.contains(ours))
            }
            try await server.stop()
        }
    #endif

    @Test("lends so many databases at once and not one more, each of its own")
    func places() async throws {
        let lent = Lent()
        let server = TestServer(url: try await TestServer.shared.connectionString(), places: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    try await TestDatabase.withEmpty(on: server) { configuration in
                        let name = configuration["dbname"] ?? ""
                        lent.take(name)
                        let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
                        let database = try await connection.execute("SELECT current_database()::text").first?.decode(String.self)
                        #expect(database == name)
                        lent.giveBack()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(lent.most <= 2)
        #expect(lent.names.count == 5)
    }

    private final class Lent: Sendable {
        private let state = Mutex((now: 0, most: 0, names: Set<String>()))
        var most: Int { state.withLock { $0.most } }
        var names: Set<String> { state.withLock { $0.names } }

        func take(_ name: String) { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.names.union([name])) } }
        func giveBack() { state.withLock { $0.now -= 1 } }
    }

    @Test("What does not happen in time is said with where and what")
    func inTime() async throws {
        let error = try #require(
            await #expect(throws: DidNotHappen.self) { try await eventually("pigs fly", within: .milliseconds(20)) { false } })
        #expect(error.description.contains("pigs fly") && error.file.hasSuffix("TestServerTests.swift"))
    }
}
