/// A message that a ``CuttingProxy`` met.
public struct Sighting: Hashable, Sendable, CustomStringConvertible {
    /// What became of it.
    public enum Outcome: String, Sendable {
        /// It went on to the other side, or will when a delay or a silence is over.
        case passed
        /// It was swallowed.
        case dropped
        /// The connection ended before, inside or after it.
        case cut
        /// The connection went silent before, inside or after it.
        case silenced
        /// It had to wait, or what came after it had to.
        case delayed
    }

    /// The connections of a proxy are numbered from 1, as they are accepted.
    public let connection: Int
    /// The connection's `application_name`; empty before the startup message, and if it gives none.
    public let application: String
    /// What it was.
    public let type: MessageType
    /// What was done.
    public let outcome: Outcome

    public var description: String {
        "#\(connection)\(application.isEmpty ? "" : " (\(application))") \(type.sender == .client ? ">" : "<") \(type) \(outcome)"
    }
}
