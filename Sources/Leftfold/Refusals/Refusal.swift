/// An answer that is not *accepted*. The bus, the journal and the HTTP edge need no more than these to treat it.
public protocol Refusal: Error, Sendable {
    /// How the journal records it; nil where it must not or cannot be recorded (the outcome is unknown, the store is away).
    var kind: RefusalKind? { get }
    /// Stable, in snake case. Listed in the documentation; clients act on it.
    var code: String { get }
    /// A sentence for people, without personal data.
    var message: String { get }
}
