import Leftfold
import LeftfoldImport
import LeftfoldService

extension ImportResult {
    /// For people.
    var text: String {
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

extension LineProblem {
    /// For people: one line.
    var text: String { "line \(line): \(outcome.rawValue) \(code): \(message.escapingControls)" }
}
