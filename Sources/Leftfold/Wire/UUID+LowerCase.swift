package import Foundation

extension KeyedEncodingContainer {
    /// One spelling of ids everywhere: lower case, as in stream names, in SQL and in URLs. Foundation's is upper case.
    package mutating func encode(_ id: UUID, forKey key: Key) throws {
        try encode(id.uuidString.lowercased(), forKey: key)
    }
}
