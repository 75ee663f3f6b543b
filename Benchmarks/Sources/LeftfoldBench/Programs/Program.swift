import Foundation

/// Runs other programs.
enum Program {
    /// The path of a program that is named by its path, or found on the PATH.
    static func find(_ name: String) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw Failed(description: "\(name) is not found; set PGBENCH, or use scripts/bench")
        }
        return path
    }

    /// This program.
    static var own: String { Bundle.main.executablePath ?? CommandLine.arguments[0] }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program to its end and returns what it wrote to standard output.
    static func run(_ path: String, _ arguments: [String], environment: [String: String]) async throws -> String {
        let process = Process()
        let (output, complaints) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = complaints
        try await start(process)
        let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard process.terminationStatus == 0 else {
            let complaint = String(decoding: complaints.fileHandleForReading.availableData, as: UTF8.self)
            throw Failed(description: "\(path) ended with status \(process.terminationStatus): \(complaint)")
        }
        return text
    }

    /// Returns when it has ended. Nothing that we run writes more than a pipe holds.
    private static func start(_ process: Process) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            // A program inherits the signal mask of the thread that starts it. Swift's threads block every signal, and
            // pgbench would wait forever for the alarm that ends its run.
            Thread.detachNewThread {
                var none = sigset_t()
                sigemptyset(&none)
                pthread_sigmask(SIG_SETMASK, &none, nil)
                do {
                    try process.run()
                } catch {
                    process.terminationHandler = nil
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
