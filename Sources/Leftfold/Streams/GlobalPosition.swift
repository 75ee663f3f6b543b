/// An event's place in the whole log. Positions are dense from 1: whoever sees position p can see all of 1…p (I4).
public struct GlobalPosition: Sendable, Hashable, Comparable, Codable, RawRepresentable, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(integerLiteral value: Int64) { rawValue = value }

    /// Before the first event.
    public static let zero = GlobalPosition(rawValue: 0)
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    /// The one after it; the largest stays what it is, so that nobody's number ends the process.
    public var next: Self { rawValue == .max ? self : Self(rawValue: rawValue + 1) }
    public var description: String { String(rawValue) }
}
