import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct StreamState<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "state", abstract: "The state of a stream, folded from its events, as JSON: as it is, or as it was.",
            discussion:
                "Status 3 where there are no such events. What a state looks like is for its aggregate to say: it must be Encodable.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The stream, category-id.", transform: streamName)
    var stream: StreamName
    @Option(name: .long, help: "As it was at this version of the stream.")
    var version: Int64?
    @Option(name: .long, help: "As it was at a time with a zone (2026-11-25T23:37:44Z).", transform: zonedTime)
    var at: Date?

    func validate() throws {
        try require("--version", version, in: 1 ... .max)
        if version != nil, at != nil { throw ArgumentParser.ValidationError("Either --version or --at.") }
    }

    func run() async throws {
        let moment = version.map { .version(StreamVersion(rawValue: $0)) } ?? at.map { .time($0) } ?? StreamMoment.end
        let printed = try await common.assembled(P.self) { assembly in
            let aggregates = assembly.composition.aggregates
            guard let type = aggregates.first(where: { stream.belongs(to: $0.category) }) else {
                let known = aggregates.map { $0.category.rawValue }.sorted().joined(separator: ", ")
                throw Misconfigured("no aggregate of this program has the category “\(stream.category)”; there are \(known)")
            }
            guard let readable = type as? any (Aggregate & Encodable).Type else {
                throw Misconfigured(
                    "the aggregate of the category “\(stream.category)” is not Encodable, so that its state cannot be shown")
            }
            return try await state(of: readable, at: moment, in: assembly)
        }
        let time = printed.recordedAt.formatted(.iso8601)
        try Printing(json: output.json).object(
            printed, text: "\(printed.stream) at version \(printed.version), position \(printed.position), \(time):\n\(printed.state)")
    }

    private func state<A: Aggregate & Encodable>(of type: A.Type, at moment: StreamMoment, in assembly: Assembly) async throws -> Printed {
        guard let id = StreamID<A>(stream) else { throw Misconfigured("\(stream) is no stream of \(A.category)") }
        do {
            let folded = try await assembly.database.store.state(of: id, at: moment)
            return Printed(
                stream: stream.rawValue, version: folded.version, position: folded.position, recordedAt: folded.recordedAt,
                state: RawJSON(try StrictJSON.encode(folded.state)))
        } catch let missing as NotFound {
            throw Failure(missing.code, missing.message, .foundProblems)
        }
    }

    private struct Printed: Encodable {
        let stream: String
        let version: StreamVersion
        let position: GlobalPosition
        let recordedAt: Date
        let state: RawJSON

        enum CodingKeys: String, CodingKey {
            case stream, version, position
            case recordedAt = "recorded_at"
            case state
        }
    }
}
