/// The stored name of a kind of event, such as `UserCreated`.
public struct EventType: Sendable, Hashable, Codable, CustomStringConvertible, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }
}
