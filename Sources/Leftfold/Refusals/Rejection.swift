/// The domain said no. Usually a `String` enum whose raw values are the stable codes.
public protocol Rejection: Error, Sendable, Equatable {
    /// Stable, in snake case, such as `user_not_found`: clients act on it and the journal keeps it.
    var code: String { get }
    /// A sentence for people. No personal data: it may be logged.
    var message: String { get }
}

extension Rejection where Self: RawRepresentable, RawValue == String {
    public var code: String { rawValue }
}
