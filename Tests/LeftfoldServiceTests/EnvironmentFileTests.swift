import Foundation
import Testing

@testable import LeftfoldService

@Suite("A file of settings")
struct EnvironmentFileTests {
    static let files: [(text: String, values: [String: String])] = [
        ("", [:]), ("\n\r\n  \n# A=1\n\t# B=2\n", [:]),
        ("A=1", ["A": "1"]), ("A=1\nB=2\n", ["A": "1", "B": "2"]), ("A=1\r\nB=2\r\n", ["A": "1", "B": "2"]),
        ("\u{FEFF}A=1\r\n", ["A": "1"]), ("export A=1\nexport\tB=2\n", ["A": "1", "B": "2"]), ("export=1", ["export": "1"]),
        ("  A = 1 \t\n", ["A": "1"]), ("A=", ["A": ""]), ("A= # nothing", ["A": ""]), ("A=''", ["A": ""]),
        ("A=1 # one\nB=a#b\nC='a # b' # c\nD=\"#\"", ["A": "1", "B": "a#b", "C": "a # b", "D": "#"]),
        ("A=a b=c", ["A": "a b=c"]), ("A==", ["A": "="]), ("_a1=x", ["_a1": "x"]),
        ("A='p$w`\"\\n'", ["A": "p$w`\"\\n"]), (#"A="a\"b\\c\$d\`e\n""#, ["A": #"a"b\c$d`e\n"#]),
        ("A=host='/tmp/x' port=1", ["A": "host='/tmp/x' port=1"]),
        ("A=postgresql://u:p%23w@h/d?x=1&y=2#f", ["A": "postgresql://u:p%23w@h/d?x=1&y=2#f"]),
        ("A=\"王 é\"", ["A": "王 é"]), (#"A=C:\x"#, ["A": #"C:\x"#]),
    ]

    @Test("is read as people write it", arguments: files)
    func read(text: String, values: [String: String]) throws { #expect(try EnvironmentFile(Array(text.utf8)).values == values) }

    static let mistakes: [(text: String, line: Int, problem: String)] = [
        ("A=1\rB=secret\r", 1, "control character"), ("A=1\nsecret\n", 2, "KEY=value"), ("A=1\n\n=secret", 3, "letters"),
        ("A B=secret", 1, "letters"), ("1A=secret", 1, "letters"), ("A-B=secret", 1, "letters"), ("é=secret", 1, "letters"),
        ("export A", 1, "KEY=value"), ("A='secret", 1, "closed"), ("A=\"secret\\\"\n", 1, "closed"), ("A='secret'x", 1, "follows"),
        ("A=\"secret\"'x'", 1, "follows"), ("A='secret'#x", 1, "follows"), ("A=#secret", 1, "single quotes"),
        ("A=$secret", 1, "single quotes"), ("A=\"${secret}\"", 1, "single quotes"), ("A=`secret`", 1, "single quotes"),
        ("A=1\nA=secret", 2, "before"), ("A=sec\u{0}ret", 1, "control"), ("A=sec\u{1B}ret", 1, "control"), ("# \u{7}", 1, "control"),
    ]

    @Test("that could be read in two ways is refused with the number of the line, and without a word of it", arguments: mistakes)
    func refused(text: String, line: Int, problem: String) throws {
        #expect {
            try EnvironmentFile(Array(text.utf8))
        } throws: { error in
            guard let error = error as? EnvironmentFile.UnreadableLine else { return false }
            return error.line == line && error.problem.contains(problem) && !error.problem.contains("secret")
        }
        let file = try TemporaryFile(text)
        #expect {
            try Settings.load([:], environmentFile: file.path)
        } throws: { error in
            "\(error)".contains("line \(line)") && "\(error)".contains(file.path) && !"\(error)".contains("secret")
        }
    }

    @Test("must be UTF-8")
    func bytes() {
        #expect(throws: EnvironmentFile.UnreadableLine.self) { try EnvironmentFile([0x41, 0x3D, 0xFF]) }
        #expect(throws: EnvironmentFile.UnreadableLine.self) { try EnvironmentFile([0xFF, 0xFE, 0x41, 0x00, 0x3D, 0x00]) }
    }
}

/// A file that only its owner can read, and that goes with the value.
final class TemporaryFile {
    let path = FileManager.default.temporaryDirectory.appending(path: "leftfold-\(UUID()).env").path

    init(_ text: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
