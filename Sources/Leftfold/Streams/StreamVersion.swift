/// How many events a stream holds. The first event has version 1; an empty stream is at `.zero`.
public struct StreamVersion: Sendable, Hashable, Comparable, Codable, RawRepresentable, ExpressibleByIntegerLiteral, CustomStringConvertible
{
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(integerLiteral value: Int64) { rawValue = value }

    public static let zero = StreamVersion(rawValue: 0)
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public func advanced(by count: Int) -> Self { Self(rawValue: rawValue + Int64(count)) }
    public var description: String { String(rawValue) }
}
