import Foundation
import LeftfoldDriver
import LeftfoldPostgresTesting

/// PostgreSQL's own programs, as operators call them.
enum PSQL {
    struct Failed: Error, CustomStringConvertible { let description: String }

    /// What the script answers, one row a line, columns separated by `|`. Stops at the first error.
    static func run(_ script: String, on configuration: ConnectionConfiguration) throws -> [String] {
        try program("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1"], on: configuration, input: script).split(separator: "\n").map(String.init)
    }

    /// - Parameter arguments: without those that say where the server is.
    static func program(
        _ name: String, _ arguments: [String], on configuration: ConnectionConfiguration, input: String = ""
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        var environment = ProcessInfo.processInfo.environment
        for (keyword, variable) in [
            ("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"), ("dbname", "PGDATABASE"), ("password", "PGPASSWORD"),
        ] {
            if let value = configuration[keyword] { environment[variable] = value }
        }
        process.environment = environment
        let folder = FileManager.default.temporaryDirectory.appending(path: "leftfold-psql-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, not pipes: nobody reads while the program runs.
        let files = ["in", "out", "err"].map { folder.appending(path: $0) }
        try Data(input.utf8).write(to: files[0])
        for file in files[1...] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(description: "\(name): \(try String(contentsOf: files[2], encoding: .utf8))")
        }
        return try String(contentsOf: files[1], encoding: .utf8)
    }
}
