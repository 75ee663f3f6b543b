import Foundation
import LeftfoldHTTP
import LeftfoldService

/// Writes settings down so that a shell can source them and `--env-file` reads them. Only the owner can read the file: a token is in it.
struct EnvironmentFileWriter: Sendable {
    private let url: URL

    /// Makes the file, empty, or throws ``Misconfigured``: before anything is started.
    init(path: String) throws {
        url = URL(filePath: path, directoryHint: .notDirectory)
        try write([])
    }

    /// In place of what was there, in one step.
    func write(_ variables: [(name: String, value: String)]) throws {
        let text = variables.map { "export \($0.name)=\"\(Self.escaped($0.value))\"\n" }.joined()
        let draft = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString)")
        do {
            try SecretFile.write(Array(text.utf8), to: draft.path)
            guard rename(draft.path, url.path) == 0 else { throw Misconfigured("\(url.path) cannot be written to") }
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw Misconfigured("\(url.path) cannot be written to")
        }
    }

    /// As shells and ``EnvironmentFile`` read it between double quotes.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            if "\"\\$`".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
    }
}
