/// A request to change one aggregate (or, with another ``Boundary`` as its target, several at once). Imperative; a struct
/// with its own rules.
public protocol Command: Codable, Sendable {
    /// What it is decided on; found by the compiler from ``decide(_:)``.
    associatedtype Target: Boundary

    /// The name on the wire and in the journal; the type's name unless declared.
    static var name: String { get }
    /// Who may send it. There is no default: a command without a permission does not compile.
    static var permission: Permission { get }

    /// Whether it is meant for a stream that does not exist yet. Such a command is decided on the empty state without
    /// reading first; if the stream does exist, the store says so, and it is decided again on what is there.
    static var opensStream: Bool { get }

    /// What it is for: `StreamID(id)` for an aggregate.
    var target: Target.Reference { get }

    /// The same command in its normal form: trimmed, Unicode composed, and so on. Done before everything else.
    func normalized() -> Self
    /// Checks what can be checked without state.
    func validate() throws(ValidationError)
    /// Decides on the state. Pure. No events means that there is nothing to change, which is accepted.
    func decide(_ state: Target) throws(Target.Rejection) -> Target.Changes
}

extension Command {
    public static var name: String { String(describing: Self.self) }
    public static var opensStream: Bool { false }
    public func normalized() -> Self { self }
    public func validate() throws(ValidationError) {}
}
