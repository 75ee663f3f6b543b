public import Logging

extension Logger {
    /// A logger that writes as the settings say, and never waits for whoever reads.
    public init(_ label: String, _ settings: Settings) {
        self.init(label: label) { label in
            let write: @Sendable ([UInt8]) -> Void = { LogOutput.standardError.write($0) }
            return switch settings.logFormat {
            case .text: LineLogHandler(label: label, form: TextLogLine.init, write: write)
            case .json: LineLogHandler(label: label, form: JSONLogLine.init, write: write)
            }
        }
        logLevel = settings.logLevel
    }
}
