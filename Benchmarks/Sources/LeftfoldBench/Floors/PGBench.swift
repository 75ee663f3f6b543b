import Foundation

/// Runs one prepared statement over and over with PostgreSQL's own load generator.
struct PGBench: Sendable {
    let program: String
    let database: BenchDatabase

    init(_ bench: Bench, _ database: BenchDatabase) {
        program = bench.pgbench
        self.database = database
    }

    /// - Parameter script: statements and `\set` commands of pgbench.
    func run(_ script: String, clients: Int, for duration: Duration) async throws -> Figure {
        let folder = FileManager.default.temporaryDirectory.appending(path: "leftfold-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "script")
        try Data((script + "\n").utf8).write(to: file)
        let output = try await Program.run(
            program,
            [
                "--no-vacuum", "--protocol=prepared", "--client=\(clients)", "--jobs=\(min(clients, 2))", "--random-seed=1",
                // pgbench knows whole seconds only.
                "--time=\(max(1, Int(duration.seconds.rounded(.up))))", "--file=\(file.path)",
                "--log", "--sampling-rate=0.25", "--log-prefix=\(folder.appending(path: "log").path)",
            ],
            environment: database.environment)
        return Figure(rate: try Self.rate(in: output), latencies: try Self.latencies(in: folder))
    }

    private static func rate(in output: String) throws -> Double {
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let rate = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) })
        else { throw Program.Failed(description: "pgbench did not say how fast it was: \(output)") }
        return rate
    }

    /// The third word of a line of the log is how many microseconds the transaction took.
    private static func latencies(in folder: URL) throws -> [Duration] {
        let logs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("log") }
        return try logs.flatMap { log in
            try Data(contentsOf: log).split(separator: UInt8(ascii: "\n")).compactMap { line in
                let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3)
                return words.count > 2 ? Int(String(decoding: words[2], as: UTF8.self)).map { .microseconds($0) } : nil
            }
        }
    }
}
