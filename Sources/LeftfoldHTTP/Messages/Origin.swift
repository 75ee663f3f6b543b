/// Where a page of a browser comes from, as the browser says it: a scheme, a host and, unless it is the scheme's usual one, a port.
public struct Origin: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    /// Nil for what no browser would send: a path, a trailing slash, capitals, a wildcard, `null`.
    public init?(rawValue: String) {
        guard rawValue.utf8.count <= Self.maximumLength,
            rawValue.wholeMatch(of: #/https?:\/\/(?:[a-z0-9]([a-z0-9.\-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?/#) != nil
        else { return nil }
        self.rawValue = rawValue
    }

    /// In bytes: the longest host name, and what stands around it.
    static let maximumLength = 270
}
