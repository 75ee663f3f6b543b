import Foundation
import Synchronization
import Testing

/// The built `users`, as a process of its own.
final class Program: Sendable {
    /// Beside the test bundle.
    static let path = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("users").path
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private let process: Mutex<Process>
    private let (standardOutput, standardError) = (Channel(), Channel())
    let identifier: Int32

    init(_ arguments: [String], environment: [String: String] = [:], executable: String = Program.path) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = Self.repository
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = standardOutput.pipe
        process.standardError = standardError.pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        identifier = process.processIdentifier
        self.process = Mutex(process)
        standardOutput.listen()
        standardError.listen()
    }

    /// A test that fails half-way leaves nothing running.
    deinit { if isRunning { kill(identifier, SIGTERM) } }

    /// What it has printed so far, on standard output and then on standard error: one line may be written while another one is half through.
    var output: String { standardOutput.text + standardError.text }

    var isRunning: Bool { process.withLock { $0.isRunning } }

    /// Its last words may still be in the pipe when it has ended.
    private var isSilent: Bool { !isRunning && standardOutput.isComplete && standardError.isComplete }

    func send(_ signal: Int32) { kill(identifier, signal) }

    /// Waits for its end and returns its status. A process that does not end is killed, and that is a failure.
    @discardableResult
    func end(within limit: Duration = .seconds(120), sourceLocation: SourceLocation = #_sourceLocation) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            if ContinuousClock.now > deadline {
                send(SIGKILL)
                Issue.record("did not end in time: \(output)", sourceLocation: sourceLocation)
                return -1
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        // Not for long: a process that it left behind would hold the pipe open.
        let patience = ContinuousClock.now + .seconds(30)
        while !isSilent, ContinuousClock.now < patience { try await Task.sleep(for: .milliseconds(2)) }
        return process.withLock { $0.terminationStatus }
    }

    /// Waits until it has printed what the pattern matches, and returns the first group.
    func prints(_ pattern: some RegexComponent<(Substring, Substring)>, within limit: Duration = .seconds(60)) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let isOver = isSilent
            if let match = output.firstMatch(of: pattern) { return String(match.output.1) }
            if isOver { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw NotPrinted(output: output)
    }

    struct NotPrinted: Error { let output: String }

    /// Runs to the end and returns the output; a status that is not expected is a failure.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], executable: String = Program.path, expecting status: Int32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let program = try Program(arguments, environment: environment, executable: executable)
        let ended = try await program.end(sourceLocation: sourceLocation)
        #expect(ended == status, "\(arguments): \(program.output)", sourceLocation: sourceLocation)
        return program.output
    }
}
