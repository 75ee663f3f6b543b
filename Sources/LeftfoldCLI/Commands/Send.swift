import ArgumentParser
import Foundation
import Leftfold

struct Send<C: Composition>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "send", abstract: "Send one command, as the local operator.",
            discussion: "Example: \(C.name) send \(C.commands.first?.name ?? "Name") '{…}'")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The command: \(C.commands.map { $0.name }.joined(separator: ", ")).")
    var name: String
    @Argument(help: "Its JSON.")
    var fields = "{}"
    @Option(name: .long, help: "The command id; the same id sent again has the same answer.", transform: commandID)
    var id: UUID?
    @Option(name: .long, help: "The stream version that you decided on.")
    var expectedVersion: Int64?

    func run() async throws {
        try await reporting {
            let receipt = try await common.assembled(C.self) { assembly in
                try await assembly.commands.send(
                    named: name, json: Array(fields.utf8),
                    CommandContext(
                        commandID: id ?? UUID(), principal: operatorPrincipal(),
                        expectedVersion: expectedVersion.map(StreamVersion.init(rawValue:))))
            }
            try Printing(json: output.json).object(
                PrintedReceipt(stream: receipt.stream.rawValue, version: receipt.version, position: receipt.position),
                text: "accepted: \(receipt.stream) is at version \(receipt.version), position \(receipt.position)")
        }
    }

    private struct PrintedReceipt: Encodable {
        let stream: String
        let version: StreamVersion
        let position: GlobalPosition
    }
}
