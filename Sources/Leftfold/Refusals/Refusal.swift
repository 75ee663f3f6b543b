/// An answer that is not *accepted*. The bus, the journal and the HTTP edge need no more than these to treat it.
public protocol Refusal: Error, Sendable {
    /// How the journal records it; nil where it must not or cannot be recorded (the outcome is unknown, the store is away).
    var outcome: Outcome? { get }
    /// Stable, in snake case. Listed in the documentation; clients act on it.
    var code: String { get }
    /// A sentence for people, without personal data.
    var message: String { get }
}

/// How a command ended, as the journal tells it.
public enum Outcome: String, Sendable, Codable, CaseIterable {
    /// Its events are in the log, at the positions told (I1).
    case accepted
    /// The domain said no.
    case rejected
    /// The principal lacks the permission.
    case denied
    /// It was malformed or failed validation.
    case invalid
    /// The stream was not at the version the client, or after all retries the bus, expected.
    case conflict
    /// A fault of the service.
    case failed
}
