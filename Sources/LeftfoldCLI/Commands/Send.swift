import ArgumentParser
import Foundation
import Leftfold
import LeftfoldService

struct Send<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "send", abstract: "Send one command, as the local operator.",
            discussion: "Example: \(P.name) send OpenAccount '{…}'")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The command's name.")
    var name: String
    @Argument(help: "Its JSON.")
    var fields = "{}"
    @Option(name: .long, help: "The command id; the same id sent again has the same answer.", transform: commandID)
    var id: UUID?
    @Option(name: .long, help: "The stream version that you decided on.")
    var expectedVersion: Int64?

    func validate() throws { try require("--expected-version", expectedVersion, in: Ranges.position) }

    func run() async throws {
        let receipt = try await common.assembled(P.self) { assembly in
            try await assembly.commands.send(
                named: name, json: Array(fields.utf8),
                CommandContext(
                    commandID: id ?? .ordered(), principal: assembly.localOperator,
                    expectedVersion: expectedVersion.map(StreamVersion.init(rawValue:))))
        }
        try Printing(json: output.json).object(
            PrintedReceipt(
                streams: Dictionary(receipt.streams.map { ($0.stream.rawValue, $0.version) }) { _, last in last },
                position: receipt.position),
            text: (["accepted: position \(receipt.position)"] + receipt.streams.map { "\($0.stream) is at version \($0.version)" })
                .joined(separator: ", "))
    }

    private struct PrintedReceipt: Encodable {
        let streams: [String: StreamVersion]
        let position: GlobalPosition
    }
}
