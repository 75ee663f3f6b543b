import Foundation
import Leftfold

/// What came of an import.
struct ImportResult: Sendable, Equatable {
    /// Lines that were answered; without blank ones and the CSV header.
    var lines = 0
    var accepted = 0
    /// Of the accepted, those that an earlier run had got through already.
    var repeated = 0
    /// Refused by the domain, the policy or a conflict, by code.
    var rejected: [String: Int] = [:]
    /// Malformed or failed validation, by code.
    var invalid: [String: Int] = [:]
    var end = End.complete
    var elapsed = Duration.zero

    enum End: Sendable, Equatable {
        case complete
        /// `--strict`, and this line was refused. All lines before it are done; what was in flight after it, too.
        case stoppedAtLine(Int)
        /// Asked to stop. Running it again goes on.
        case interrupted
        /// The store stayed away. Running it again goes on.
        case unavailable(String)
    }

    /// All lines were read and accepted.
    var isClean: Bool { end == .complete && rejected.isEmpty && invalid.isEmpty }

    var linesPerSecond: Double { elapsed > .zero ? Double(lines) / (elapsed / .seconds(1)) : 0 }

    mutating func count(_ answer: LineAnswer) {
        lines += 1
        switch answer {
        case .accepted(let isRepeated):
            accepted += 1
            if isRepeated { repeated += 1 }
        case .refused(let problem) where problem.outcome == .invalid: invalid[problem.code, default: 0] += 1
        case .refused(let problem): rejected[problem.code, default: 0] += 1
        }
    }
}

extension ImportResult: CustomStringConvertible {
    var description: String {
        let rate = linesPerSecond
        var text = """
            lines     \(lines)
            accepted  \(accepted)\(repeated > 0 ? " (\(repeated) of them in an earlier run)" : "")
            rejected  \(Self.text(rejected))
            invalid   \(Self.text(invalid))
            elapsed   \(ProgressLine.text(elapsed)), \(ProgressLine.text(rate)) lines/s
            """
        switch end {
        case .complete: break
        case .stoppedAtLine(let line): text += "\nStopped at line \(line), the first that was refused. What comes after it is not done."
        case .interrupted: text += "\nStopped before the end. Run it again to finish: what is done is not done twice."
        case .unavailable(let reason):
            text += "\nStopped: \(reason) Run it again to finish: what is done is not done twice."
        }
        return text
    }

    private static func text(_ codes: [String: Int]) -> String {
        let sum = codes.values.reduce(0, +)
        if sum == 0 { return "0" }
        let list = codes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return "\(sum) (\(list.joined(separator: ", ")))"
    }
}

extension ImportResult: Encodable {
    private enum CodingKeys: String, CodingKey {
        case lines, accepted, repeated, rejected, invalid, end, line, reason, seconds
        case linesPerSecond = "lines_per_second"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lines, forKey: .lines)
        try container.encode(accepted, forKey: .accepted)
        try container.encode(repeated, forKey: .repeated)
        try container.encode(rejected, forKey: .rejected)
        try container.encode(invalid, forKey: .invalid)
        switch end {
        case .complete: try container.encode("complete", forKey: .end)
        case .stoppedAtLine(let line):
            try container.encode("stopped_at_line", forKey: .end)
            try container.encode(line, forKey: .line)
        case .interrupted: try container.encode("interrupted", forKey: .end)
        case .unavailable(let reason):
            try container.encode("unavailable", forKey: .end)
            try container.encode(reason, forKey: .reason)
        }
        try container.encode((elapsed / .milliseconds(1)).rounded() / 1000, forKey: .seconds)
        try container.encode(linesPerSecond.rounded(), forKey: .linesPerSecond)
    }
}

/// The answer to one line.
enum LineAnswer: Sendable, Equatable {
    case accepted(isRepeated: Bool)
    case refused(LineProblem)
}

/// Why a line was refused. It goes to standard error, in the order of the file.
struct LineProblem: Sendable, Equatable, Codable {
    var line: Int
    var outcome: Outcome
    var code: String
    var message: String
}

extension LineProblem: CustomStringConvertible {
    var description: String { "line \(line): \(outcome.rawValue) \(code): \(message.escapingControls)" }
}
