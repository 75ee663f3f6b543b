import Foundation

/// A subcommand of this program that works in a process of its own beside us, until its standard input ends: when we are
/// through with it, and also when we crash.
struct Companion {
    private let process: Process
    private let input: Pipe

    init(_ arguments: [String], environment: [String: String]) throws {
        process = Process()
        input = Pipe()
        process.executableURL = URL(filePath: Program.own)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        try process.run()
    }

    func stop() throws {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Program.Failed(description: "the companion process ended with status \(process.terminationStatus)")
        }
    }

    /// For the companion: returns when its standard input ends.
    static func inputEnds() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                _ = FileHandle.standardInput.readDataToEndOfFile()
                continuation.resume()
            }
        }
    }
}
