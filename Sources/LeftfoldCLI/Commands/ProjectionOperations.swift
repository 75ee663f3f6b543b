import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct SkipInProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "skip", abstract: "Let a projection pass the event that stopped it.",
            discussion: """
                Either that event alone, or its whole stream from there on, which then waits, parked, until projections resume --stream takes it back. \
                The other streams go on. What is left out is on record with who did it and why, and is shown by projections, doctor, readiness and \
                metrics. A rebuild leaves out nothing.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Option(name: .long, help: "The position of the event that stopped it: only this one is left out.")
    var position: Int64?
    @Option(name: .long, help: "The stream of the event that stopped it: it is parked from there on.", transform: streamName)
    var stream: StreamName?
    @OptionGroup var why: Why

    func validate() throws {
        try require("--position", position, in: Ranges.position)
        if (position == nil) == (stream == nil) { throw ValidationError("Either --position or --stream says what to skip.") }
    }

    func run() async throws {
        try await common.assembled(P.self) { assembly in
            let name = try assembly.known(projection).name
            let who = assembly.localOperator.subject
            if let stream { try await assembly.database.park(stream, of: name, by: who, because: why.reason) }
            if let position {
                try await assembly.database.skip(GlobalPosition(rawValue: position), of: name, by: who, because: why.reason)
            }
        }
        try Printing(json: output.json).object(
            Done(projection: projection, operation: stream == nil ? "skip" : "park", done: true),
            text: stream.map { "\(projection) goes on; \($0) is parked." } ?? "\(projection) goes on without position \(position ?? 0).")
    }
}

struct PauseProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "pause", abstract: "Let nobody work on a projection until it is resumed.",
            discussion: """
                Nothing more is applied when this returns, in whatever process. Queries go on, on what is there. A rebuild may be made meanwhile; what \
                it makes live is paused, too.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @OptionGroup var why: Why

    func run() async throws {
        let done = try await common.assembled(P.self) { assembly in
            try await assembly.database.pause(
                try assembly.known(projection).name, by: assembly.localOperator.subject, because: why.reason)
        }
        try Printing(json: output.json).object(
            Done(projection: projection, operation: "pause", done: done),
            text: done ? "\(projection) is paused." : "\(projection) was paused already.")
    }
}

struct ResumeProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "resume", abstract: "End a pause, or take back a parked stream.",
            discussion: """
                With --stream, whoever works on the projection applies what was passed of the stream, in its order, and follows it again. What cannot be \
                applied still stays parked; see projections skips.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Option(name: .long, help: "A parked stream.", transform: streamName)
    var stream: StreamName?
    @Option(name: .long, help: "Why; goes on record.", transform: boundedReason)
    var reason: String?

    func run() async throws {
        let done = try await common.assembled(P.self) { assembly in
            let name = try assembly.known(projection).name
            let who = assembly.localOperator.subject
            guard let stream else { return try await assembly.database.resume(name, by: who, because: reason) }
            try await assembly.database.unpark(stream, of: name, by: who, because: reason)
            return true
        }
        let text = stream.map { "\($0) is taken back by whoever works on \(projection)." }
        try Printing(json: output.json).object(
            Done(projection: projection, operation: stream == nil ? "resume" : "unpark", done: done),
            text: text ?? (done ? "\(projection) goes on." : "\(projection) was not paused."))
    }
}

struct RemoveProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "remove", abstract: "Drop the tables and views of a projection that no code has any more.",
            discussion: """
                Refused while this program has it, while somebody works on it, and while others rest on its views or tables, unless --cascade says that all \
                of that goes, too. That it was there, and who \
                removed it and why, stays on record.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Flag(name: .long, help: "Drop what others built on its views and tables, too.")
    var cascade = false
    @OptionGroup var why: Why

    func run() async throws {
        try await common.assembled(P.self) { assembly in
            guard assembly.projection(named: projection) == nil else {
                throw OperationRefused("projection_in_use", "This program has the projection \(projection), and would make it anew.")
            }
            guard let name = ProjectionName(rawValue: projection) else { throw Misconfigured("“\(projection)” is no name of a projection") }
            do {
                try await assembly.database.remove(name, by: assembly.localOperator.subject, because: why.reason, cascade: cascade)
            } catch let refused as OperationRefused where refused.code == "unknown_projection" {
                throw Misconfigured("the database has no projection “\(projection)”")
            }
        }
        try Printing(json: output.json).object(
            Done(projection: projection, operation: "remove", done: true), text: "\(projection) is removed.")
    }
}

/// Why an operator does something.
struct Why: ParsableArguments {
    @Option(name: .long, help: "Why; goes on record. 1 to 2000 bytes.", transform: boundedReason)
    var reason: String
}

private struct Done: Encodable {
    let projection: String
    let operation: String
    /// False where it was so already.
    let done: Bool
}

/// Reads a reason from the command line.
private func boundedReason(_ text: String) throws -> String {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard (1...2000).contains(text.utf8.count) else { throw ValidationError("--reason must have 1 to 2000 bytes.") }
    return text
}

/// Reads the name of a stream from the command line.
func streamName(_ text: String) throws -> StreamName {
    guard let name = StreamName(rawValue: text) else { throw ValidationError("“\(text.escapingControls)” is no stream: category-id is.") }
    return name
}
