/// What a service says of itself, in its contract and at `GET /`.
public struct ServiceInfo: Sendable, Hashable {
    public var title: String
    public var version: String
    /// For readers, in Markdown; what holds for every service built with Leftfold is told behind it.
    public var description: String

    public init(title: String = "Leftfold", version: String = "0", description: String = "") {
        self.title = title
        self.version = version.isEmpty ? "0" : version
        self.description = description
    }
}
