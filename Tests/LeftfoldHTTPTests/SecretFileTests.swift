import Foundation
import Testing

@testable import LeftfoldHTTP

@Suite("Secret files", .serialized) struct SecretFileTests {
    /// 0640 and 0440 are for files of root, as PostgreSQL has it.
    static let modes: [(mode: Int, ofRoot: Bool, ofOthers: Bool)] = [
        (0o600, true, true), (0o400, true, true), (0o700, true, true), (0o640, true, false), (0o440, true, false), (0o660, false, false),
        (0o620, false, false), (0o650, false, false), (0o604, false, false), (0o602, false, false), (0o644, false, false),
        (0o666, false, false), (0o444, false, false),
    ]

    @Test("are refused while others than their owner can get at them", arguments: modes)
    func read(_ mode: Int, ofRoot: Bool, ofOthers: Bool) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appendingPathComponent("secret").path
            try SecretFile.write(Array("s3cret".utf8), to: path)
            #expect(chmod(path, mode_t(mode)) == 0)
            func check(_ isAccepted: Bool) throws {
                if isAccepted {
                    #expect(try SecretFile.read(path) == Array("s3cret".utf8))
                } else {
                    let problem = #expect(throws: SecretFile.Problem.self) { try SecretFile.read(path) }
                    #expect(problem?.description.contains(String(mode, radix: 8)) == true)
                    #expect(problem?.description.contains("s3cret") == false)
                }
            }
            try check(geteuid() == 0 ? ofRoot : ofOthers)
            if geteuid() == 0 {
                #expect(chown(path, 10_001, 10_001) == 0)
                try check(ofOthers)
            }
        }
    }

    @Test("and their folders are private whatever the umask", arguments: [0o000, 0o022, 0o077])
    func written(_ mask: Int) async throws {
        try await TemporaryFolder.with { folder in
            let before = umask(mode_t(mask))
            defer { umask(before) }
            let inner = folder.appendingPathComponent("a/b").path
            try SecretFile.makeFolder(inner)
            try SecretFile.write([1], to: inner + "/one")
            try SecretFile.append([2], to: inner + "/two")
            try SecretFile.append([3], to: inner + "/two")
            #expect(try SecretFile.read(inner + "/two") == [2, 3])
            for (path, mode) in [("a", 0o700), ("a/b", 0o700), ("a/b/one", 0o600), ("a/b/two", 0o600)] {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(path).path)
                #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
            }
            #expect(throws: SecretFile.Problem.self) { try SecretFile.write([1], to: inner + "/one") }
        }
    }

    @Test("that are not there, are folders or are huge say so")
    func problems() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appendingPathComponent("huge").path
            try SecretFile.write([UInt8](repeating: 0, count: SecretFile.maximumSize + 1), to: path)
            for path in [path, folder.path, folder.path + "/none"] {
                let problem = #expect(throws: SecretFile.Problem.self) { try SecretFile.read(path) }
                #expect(problem?.description.contains(path) == true)
            }
        }
    }
}
