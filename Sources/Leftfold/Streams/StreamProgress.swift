/// A stream and the version that it has reached.
public struct StreamProgress: Sendable, Hashable {
    public var stream: StreamName
    public var version: StreamVersion

    public init(_ stream: StreamName, at version: StreamVersion) {
        self.stream = stream
        self.version = version
    }
}
