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
/// change of shape raises the type's version and adds an ``Upcaster``.
public protocol Event: Codable, Sendable, Equatable {
    associatedtype CodingKeys: CodingKey & CaseIterable

    /// The present version of the shapes that have changed; 1 where a type is not listed. New events are stored with it.
    static var versions: [EventType: Int] { get }

    /// What it is found by across streams, for decisions by query. None unless declared, at no cost.
    var tags: Set<Tag> { get }
}

extension Event {
    public static var versions: [EventType: Int] { [:] }
    public var tags: Set<Tag> { [] }

    /// The stored names of all cases.
    public static var types: [EventType] { CodingKeys.allCases.map { EventType($0.stringValue) } }
}
