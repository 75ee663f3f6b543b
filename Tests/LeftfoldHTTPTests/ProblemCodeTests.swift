import Foundation
import HTTPTypes
import Leftfold
import Testing

@testable import LeftfoldHTTP

/// One list of codes, and the page that explains them.
@Suite struct ProblemCodeTests {
    /// The rows of docs/errors.md: code and status.
    private static func documented() throws -> Set<String> {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/errors.md"), encoding: .utf8)
        var rows: Set<String> = []
        var isTable = false
        for line in page.split(separator: "\n") {
            if line.hasPrefix("## ") { isTable = ["## The request", "## The JSON", "## The answer"].contains(line) }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard isTable, cells.count >= 2, let status = Int(cells[1]) else { continue }
            for code in cells[0].split(separator: ",") {
                rows.insert("\(status) \(code.trimmingCharacters(in: CharacterSet(charactersIn: " `")))")
            }
        }
        return rows
    }

    @Test func thePageAndTheListAgree() throws {
        let rows = try Self.documented().filter { !$0.contains(" user_") && !$0.hasSuffix("_taken") }
        let list = Set(ProblemCode.all.map { "\($0.status.code) \($0.code)" })
        #expect(rows.subtracting(list) == [], "documented, but not in the list")
        #expect(list.subtracting(rows) == [], "in the list, but not documented")
    }

    @Test func everyRefusalOfLeftfoldIsOnTheListWithItsStatus() {
        let id = UUID()
        let stream = StreamID<Note>(id).name
        let refusals: [any Refusal] = [
            RequestRefusal.invalidIdempotencyKey, RequestRefusal.invalidIfMatch, RequestRefusal.invalidCorrelationID,
            RequestRefusal.invalidCausationID, RequestRefusal.invalidPosition, RequestRefusal.unsupportedMediaType,
            RequestRefusal.incompleteBody,
            RequestRefusal.payloadTooLarge(limit: 1), RequestRefusal.unknownParameter("x".utf8), RequestRefusal.repeatedParameter("x".utf8),
            RequestRefusal.wrongType("x", "Int"), RequestRefusal.unknownRoute, RequestRefusal.methodNotAllowed([]), TokenRefusal.missing,
            TokenRefusal.expired, TokenRefusal.invalid, ValidationError("x", "y"), MalformedInput("x"), MalformedInput.invalidCursor,
            UnknownName.command("x"), UnknownName.query("x"), Forbidden("x:y"), ConditionFailed(at: 1), RepeatedStream(stream),
            CommandIDReused(id), OutcomeUnknown(id), Unavailable("x"), NotYetVisible(wanted: 2, reached: 1), QueryTimedOut("x"),
            TooManyQueries("x"), TooManyRows("x", limit: 1),
        ]
        for refusal in refusals {
            let status = Statuses.status(of: refusal, isConditional: false)
            #expect(ProblemCode.all.contains { $0.code == refusal.code && $0.status == status }, "\(refusal.code) with \(status)")
        }
        let raced = WrongExpectedVersion(stream: stream, expected: 1, actual: 2)
        #expect(Statuses.status(of: raced, isConditional: true) == .preconditionFailed)
        #expect(Statuses.status(of: raced, isConditional: false) == .conflict)
    }

    @Test func noCodeHasTwoStatusesUnknowingly() {
        let twice = Dictionary(grouping: ProblemCode.all, by: \.code).filter { $0.value.count > 1 }.keys
        #expect(Array(twice) == ["wrong_expected_version"])
    }
}
