import Foundation
import Hummingbird

/// The query parameters of a URI, decoded, each at most once.
struct QueryString {
    private(set) var parameters: [(name: String, value: String)] = []

    init(_ request: Request) throws(RequestRefusal) {
        guard let path = request.head.path, let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return }
        for pair in path[path.index(after: mark)...].split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(parts[0])
            let value = try parts.count == 2 ? Self.decoded(parts[1]) : ""
            if parameters.contains(where: { $0.name == name }) { throw .repeatedParameter(name) }
            parameters.append((name, value))
        }
    }

    private static func decoded(_ text: Substring) throws(RequestRefusal) -> String {
        guard let decoded = text.replacing("+", with: " ").removingPercentEncoding else {
            throw .wrongType(String(text.prefix(64)), "String")
        }
        return decoded
    }
}
