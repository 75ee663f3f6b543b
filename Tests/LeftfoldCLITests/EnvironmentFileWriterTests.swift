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
        shell.arguments = ["-c", #". "$0"; env | sed -n 's/^DATABASE_URL=//p'; env | grep -c ^TOKEN="#, path]
        shell.environment = ["PATH": "/usr/bin:/bin"]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let sourced = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(sourced == value + "\n0\n")
        guard ProcessInfo.processInfo.environment["DATABASE_URL"] == nil else { return }
        #expect(try Settings.load(environmentFile: path).databaseURL == value)
    }

    @Test("is refused before anything starts where it cannot be made")
    func refused() { #expect(throws: Misconfigured.self) { try EnvironmentFileWriter(path: "/nowhere/x.env") } }
}
