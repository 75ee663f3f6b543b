public import Leftfold

/// The log is not what the database promises. Somebody tampered with it, or a restore went wrong: stop and look.
public struct BrokenLog: Error, Sendable, CustomStringConvertible {
    public let expected: String
    public let found: GlobalPosition
    public var description: String { "the log is broken: expected \(expected), found the event at position \(found)" }
}
