public import Leftfold

/// What an operator asked for cannot be done to this projection now.
public struct OperationRefused: Refusal, CustomStringConvertible {
    public var kind: RefusalKind? { nil }
    /// `unknown_projection`, `not_stopped_there`, `not_parked`, `projection_at_work`, `projection_in_use`, `rebuild_at_work`, `nothing_kept`,
    /// `generation_behind` or `no_such_generation`; of who looks into one `unknown_table`, `no_key`, `not_a_key`, `position_beyond_log` or
    /// `time_to_come`.
    public let code: String
    public let message: String
    public var description: String { message }

    public init(_ code: String, _ message: String) { (self.code, self.message) = (code, message) }

    static func unknown(_ projection: ProjectionName) -> OperationRefused {
        OperationRefused("unknown_projection", "The database has no projection \(projection).")
    }
}
