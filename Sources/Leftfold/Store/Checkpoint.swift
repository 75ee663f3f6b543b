/// Who follows the log: a projection's generation, a process manager. One to 200 bytes, without spaces and control characters.
public struct FollowerName: Sendable, Hashable, CustomStringConvertible, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String

    public init?(rawValue: String) {
        guard (1...200).contains(rawValue.utf8.count), rawValue.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        self.rawValue = rawValue
    }

    /// A name written in source. An ill-formed literal is a mistake of the programmer and traps.
    public init(stringLiteral name: StaticString) {
        guard let name = FollowerName(rawValue: "\(name)") else { preconditionFailure("“\(name)” is not the name of a follower") }
        self = name
    }

    public var description: String { rawValue }
}

/// How far a follower has come, for the one that holds it.
public struct Checkpoint: Sendable, Equatable {
    public var follower: FollowerName
    /// Everything up to here is done.
    public var position: GlobalPosition
    /// Which holder; the epoch before it has lost its right to move the checkpoint.
    public var epoch: Int64

    public init(_ follower: FollowerName, at position: GlobalPosition, epoch: Int64) {
        self.follower = follower
        self.position = position
        self.epoch = epoch
    }
}

/// The move of a follower's checkpoint in the commit of an append: compare-and-set on position and epoch, so that a process
/// manager's events and its progress are one thing.
public struct FollowerProgress: Sendable, Equatable {
    public let from: Checkpoint
    public let to: GlobalPosition

    /// A checkpoint never goes back: a position before `from` is a mistake of the programmer and traps.
    public init(from: Checkpoint, to: GlobalPosition) {
        precondition(to >= from.position, "\(from.follower) would go back from \(from.position) to \(to)")
        self.from = from
        self.to = to
    }
}
