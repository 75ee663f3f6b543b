import Hummingbird
import Leftfold

/// The query parameters of a URI, decoded, each at most once.
struct QueryString {
    static let maximumParameters = 32

    private(set) var parameters: [(name: String, value: String)] = []

    init(_ request: Request) throws(RequestRefusal) {
        guard let path = request.head.path, let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return }
        for pair in path.utf8[path.utf8.index(after: mark)...].split(separator: UInt8(ascii: "&")) {
            guard parameters.count < Self.maximumParameters else { throw .tooManyParameters(limit: Self.maximumParameters) }
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0], plusIsSpace: true), name.utf8.count <= NameInMessage.maximumLength
            else { throw .unknownParameter([]) }
            guard let value = parts.count == 2 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : "" else {
                throw .wrongType(name, "String")
            }
            if parameters.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) { throw .repeatedParameter(name.utf8) }
            parameters.append((name, value))
        }
    }
}
