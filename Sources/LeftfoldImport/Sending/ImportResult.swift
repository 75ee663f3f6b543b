public import Leftfold

/// What came of an import.
public struct ImportResult: Sendable, Equatable {
    /// Lines that were answered; without blank ones and the CSV header.
    public var lines = 0
    public var accepted = 0
    /// Of the accepted, those that an earlier run had got through already.
    public var repeated = 0
    /// Refused by the domain, the policy or a conflict, by code.
    public var rejected: [String: Int] = [:]
    /// Malformed or failed validation, by code.
    public var invalid: [String: Int] = [:]
    public var end = End.complete
    public var elapsed = Duration.zero

    public enum End: Sendable, Equatable {
        case complete
        /// `--strict`, and this line was refused. All lines before it are done; what was in flight after it, too.
        case stoppedAtLine(Int)
        /// Asked to stop. Running it again goes on.
        case interrupted
        /// The store stayed away. Running it again goes on.
        case unavailable(String)
    }

    /// All lines were read and accepted.
    public var isClean: Bool { end == .complete && rejected.isEmpty && invalid.isEmpty }

    public var linesPerSecond: Double { elapsed > .zero ? Double(lines) / (elapsed / .seconds(1)) : 0 }

    mutating func count(_ answer: LineAnswer) {
        lines += 1
        switch answer {
        case .accepted(let isRepeated):
            accepted += 1
            if isRepeated { repeated += 1 }
        case .refused(let problem) where problem.outcome == .refused(.invalid): invalid[problem.code, default: 0] += 1
        case .refused(let problem): rejected[problem.code, default: 0] += 1
        }
    }
}

extension ImportResult: Encodable {
    private enum CodingKeys: String, CodingKey {
        case lines, accepted, repeated, rejected, invalid, end, line, reason, seconds
        case linesPerSecond = "lines_per_second"
    }

    public func encode(to encoder: any Encoder) throws {
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
public struct LineProblem: Sendable, Equatable, Codable {
    public var line: Int
    public var outcome: Outcome
    public var code: String
    public var message: String
}

/// How far an import has got.
public struct ImportProgress: Sendable, Equatable {
    public var lines: Int
    /// Of the file, between 0 and 1; nil where its size is not known.
    public var fraction: Double?
}
