public import ArgumentParser
import Foundation

/// `users generate`: a file to import.
public struct Generate: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Write a file of commands to try import with.",
        discussion: """
            Mostly new users with names from all over the world, then changes, mistakes and about one line in two hundred that \
            is not a valid command. The same seed and count give the same bytes everywhere.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl, csv }

    @Option(name: .shortAndLong, help: "How many lines.")
    var count = 1000
    @Option(name: .long, help: "Where the dice start.")
    var seed: UInt64 = 1
    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; standard output if there is none.", valueName: "file"))
    var output: String?
    @Option(name: .long, help: "jsonl: all kinds of commands. csv: new users only.")
    var format = Format.jsonl

    public init() {}

    public func validate() throws {
        guard count >= 0 else { throw ArgumentParser.ValidationError("The count must not be negative.") }
    }

    public func run() throws {
        guard let output else { return try Self.write(count, seed: seed, format: format, to: .standardOutput) }
        let descriptor = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw Unwritable(description: "\(output) cannot be written to: \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try Self.write(count, seed: seed, format: format, to: file)
        try file.close()
    }

    private struct Unwritable: Error, CustomStringConvertible { let description: String }

    /// Throws `POSIXError` where it cannot be written to the end.
    static func write(_ count: Int, seed: UInt64, format: Format, to file: FileHandle) throws {
        try generate(count, seed: seed, format: format) { piece in
            // `FileHandle` has no system error to tell a reader that went from a disk that is full.
            var rest = piece[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { Foundation.write(file.fileDescriptor, $0.baseAddress, $0.count) }
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EINTR {
                    throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
                }
            }
        }
    }

    /// Hands out the file in pieces.
    static func generate(_ count: Int, seed: UInt64, format: Format, _ write: ([UInt8]) throws -> Void) throws {
        var commands = UserCommands(seed: seed)
        var piece: [UInt8] = []
        if format == .csv { piece += Array("\(UserCommands.csvHeader)\r\n".utf8) }
        for _ in 0..<count {
            switch format {
            case .jsonl: piece += Array("\(commands.nextLine())\n".utf8)
            case .csv: piece += Array("\(commands.nextRecord())\r\n".utf8)
            }
            if piece.count >= 1 << 16 {
                try write(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
        try write(piece)
    }
}
