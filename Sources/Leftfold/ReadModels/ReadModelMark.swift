/// How far a read model was when something was read from it.
package struct ReadModelMark: Sendable, Hashable {
    /// Of what this process knows; what was read under another one says nothing any more.
    package let incarnation: Int
    package let position: GlobalPosition
}

/// What a read of the checkpoints saw of one projection.
package struct ReadModelSighting: Sendable, Hashable {
    package let projection: ProjectionName
    /// Of its live generation.
    package let follower: FollowerName
    package let position: GlobalPosition

    package init(_ projection: ProjectionName, _ follower: FollowerName, at position: GlobalPosition) {
        (self.projection, self.follower, self.position) = (projection, follower, position)
    }
}

/// Whether what was read is still what one would read.
package enum Freshness: Sendable, Equatable {
    /// It is, at these marks.
    case fresh([ReadModelMark])
    /// Something that it depends on was touched, or may have been.
    case stale
    /// Nothing is known.
    case unknown
}
