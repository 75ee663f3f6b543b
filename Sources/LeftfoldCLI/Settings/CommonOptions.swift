import ArgumentParser
import LeftfoldService

/// Options that every subcommand takes.
struct CommonOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("A file of KEY=value lines, beneath the environment.", valueName: "file"))
    var envFile: String?

    func settings() throws -> Settings { try Settings.load(environmentFile: envFile) }
}

struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON object a line instead of text for people, errors too.")
    var json = false
}
