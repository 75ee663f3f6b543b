/// The events of one aggregate: one enum, a case for each thing that can have happened, in the past tense.
///
/// `CodingKeys` pins the stored names, so that renaming a Swift case never renames history; the compiler insists on it:
/// ```swift
/// public enum Event: Leftfold.Event {
///     case opened(owner: String)
///     case closed
///     public enum CodingKeys: String, CodingKey, CaseIterable { case opened = "AccountOpened", closed = "AccountClosed" }
/// }
/// ```
/// A stored event is read for ever. Associated values are labelled; one added later must be `Optional`; any larger
/// change of shape is an ``Upcaster``.
public protocol Event: Codable, Sendable, Equatable {
    associatedtype CodingKeys: CodingKey & CaseIterable
}

extension Event {
    /// The stored names of all cases.
    public static var types: [EventType] { CodingKeys.allCases.map { EventType($0.stringValue) } }
}

/// The stored name of a kind of event, such as `UserCreated`.
public struct EventType: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let name: String
    public init(_ name: String) { self.name = name }
    public init(stringLiteral name: String) { self.name = name }
    public var description: String { name }
}
