import Leftfold
import Testing

@testable import LeftfoldCLI
@testable import LeftfoldImport

@Suite("What import prints")
struct ImportOutputTests {
    @Test("the result is told to people and to machines")
    func result() throws {
        var result = ImportResult(
            lines: 1200, accepted: 1190, repeated: 3, rejected: ["email_taken": 7, "user_not_found": 2], elapsed: .seconds(2))
        result.invalid = ["malformed_json": 1]
        #expect(
            result.text == """
                lines     1200
                accepted  1190 (3 of them in an earlier run)
                rejected  9 (email_taken 7, user_not_found 2)
                invalid   1 (malformed_json 1)
                elapsed   2.0 s, 600 lines/s
                """)
        #expect(
            String(decoding: try StrictJSON.encode(result), as: UTF8.self) == """
                {"accepted":1190,"end":"complete","invalid":{"malformed_json":1},"lines":1200,"lines_per_second":600,\
                "rejected":{"email_taken":7,"user_not_found":2},"repeated":3,"seconds":2}
                """)
        result.end = .interrupted
        #expect(result.text.hasSuffix("Stopped before the end. Run it again to finish: what is done is not done twice."))
    }

    @Test("a problem cannot move the cursor of whoever reads it")
    func terminal() {
        let problem = LineProblem(line: 1, outcome: .refused(.invalid), code: "unknown_command", message: "“\u{1B}[2J”")
        #expect(problem.text == "line 1: invalid unknown_command: “\\u{1b}[2J”")
    }
}

@Suite("Refusals")
struct RefusalDigestTests {
    @Test("are told by their first lines of each code, and counted from there on")
    func digest() {
        let digest = RefusalDigest(perCode: 3)
        var told: [String] = []
        for line in 1...7000 {
            let code = line.isMultiple(of: 1000) ? "email_taken" : line == 5 ? "malformed_json" : "validation_failed"
            if let text = digest.text(LineProblem(line: line, outcome: .refused(.invalid), code: code, message: "…")) { told.append(text) }
        }
        #expect(told.count == 7)
        #expect(told.prefix(2) == ["line 1: invalid validation_failed: …", "line 2: invalid validation_failed: …"])
        #expect(digest.rest == ["6,989 more lines: validation_failed", "4 more lines: email_taken"])
    }

    @Test("are all told where that is wanted")
    func all() {
        let digest = RefusalDigest(perCode: .max)
        for line in 1...100 {
            #expect(digest.text(LineProblem(line: line, outcome: .refused(.invalid), code: "x", message: "")) != nil)
        }
        #expect(digest.rest.isEmpty)
    }
}
