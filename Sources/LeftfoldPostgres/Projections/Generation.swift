public import Leftfold
import LeftfoldDriver

/// One set of a projection's tables, made from event zero by one version of its code. One generation is live, and queries
/// read it; a rebuild makes the next.
public struct Generation: Sendable, Hashable {
    public let log: LogName
    public let projection: ProjectionName
    /// From 1, never used again.
    public let number: Int
    /// Of the code that built it. No other version may go on with it.
    public let codeVersion: Int

    /// The schema that holds its tables.
    public var schema: String { "\(log)_\(projection)_\(mark ?? "\(number)")" }

    /// In place of the number, where it is none of the generations but tables beside them, which nobody keeps at the head.
    var mark: String?

    /// Who keeps it at the head of the log.
    var follower: FollowerName {
        // Well-formed, because the name of a projection is.
        FollowerName(rawValue: "\(projection).\(number)") ?? "projection"
    }

    /// Where its statements look for tables, functions and types.
    func searchPath(_ database: LeftfoldDatabase) -> [String] {
        [schema] + database.searchPath
    }
}

/// A projection that a log cannot have.
public struct UnfitProjection: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "the projection \(projection) \(reason)" }
}

extension PostgresProjection {
    /// Whether a log can have this projection, whatever the number of its generation.
    ///
    /// Throws ``UnfitProjection`` where the name is too long for the schemas of its generations: with the log's it may have
    /// 51 bytes.
    public func checkName(in log: LogName) throws(UnfitProjection) {
        let longest = Generation(log: log, projection: name, number: Int(Int32.max), codeVersion: 1).schema
        if longest.utf8.count > 63 {
            throw UnfitProjection(
                projection: name, reason: "needs a name of at most \(63 - 12 - log.rawValue.utf8.count) bytes in the log \(log)")
        }
    }
}
