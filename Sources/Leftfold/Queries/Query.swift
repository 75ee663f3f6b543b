/// A question to the read models. `Get…` or `List…`; never answered from the aggregates.
public protocol Query: Codable, Sendable {
    associatedtype Answer: Codable & Sendable

    /// The name on the wire; the type's name unless declared.
    static var name: String { get }
    /// Who may ask. There is no default: a query without a permission does not compile.
    static var permission: Permission { get }
    /// The projections whose tables it reads: what read-your-writes waits for.
    static var reads: [ProjectionName] { get }

    /// Throws a `Refusal` for what makes no sense by itself: ``ValidationError`` names the fields.
    func validate() throws
}

extension Query {
    public static var name: String { String(describing: Self.self) }
    public func validate() throws {}
}
