import Foundation
import LeftfoldService
import Testing

@testable import LeftfoldCLI

@Suite("A written file of settings")
struct EnvironmentFileWriterTests {
    static let values = ["host='/tmp/a b' port=1", #"a"b\c$d`e"#, "postgresql://u:p%20w@h/d?x=1#f", "王 é", "'", "#", "it's # \"so\""]

    @Test("is read by a shell and by --env-file alike, whatever is in a value", arguments: values)
    func read(value: String) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "leftfold-\(UUID()).env").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let writer = try EnvironmentFileWriter(path: path)
        try writer.write([("DATABASE_URL", "old"), ("TOKEN", "t")])
        try writer.write([("DATABASE_URL", value)])
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)

        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        // Into a file: a process that another test starts meanwhile may inherit a pipe, and keep it open.
        let output = path + ".out"
        defer { try? FileManager.default.removeItem(atPath: output) }
        shell.arguments = ["-c", #". "$0"; { env | sed -n 's/^DATABASE_URL=//p'; env | grep -c ^TOKEN=; } >"$1""#, path, output]
        shell.environment = ["PATH": "/usr/bin:/bin"]
        try shell.run()
        shell.waitUntilExit()
        let sourced = try String(contentsOfFile: output, encoding: .utf8)
        #expect(sourced == value + "\n0\n")
        guard ProcessInfo.processInfo.environment["DATABASE_URL"] == nil else { return }
        #expect(try Settings.load(environmentFile: path).databaseURL == value)
    }

    @Test("is refused before anything starts where it cannot be made")
    func refused() { #expect(throws: Misconfigured.self) { try EnvironmentFileWriter(path: "/nowhere/x.env") } }
}
