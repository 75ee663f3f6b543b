/// A question to the read models. `Get…` or `List…`; never answered from the aggregates.
public protocol Query: Codable, Sendable {
    associatedtype Answer: Codable & Sendable

    /// The name on the wire; the type's name unless declared.
    static var name: String { get }
    /// Who may ask. There is no default: a query without a permission does not compile.
    static var permission: Permission { get }
    /// The projections whose tables it reads: what read-your-writes waits for.
    static var reads: [ProjectionName] { get }

    func validate() throws(ValidationError)
}

extension Query {
    public static var name: String { String(describing: Self.self) }
    public func validate() throws(ValidationError) {}
}

/// The name of a projection: lowercase ASCII letters, digits and underscores, such as `user_directory`.
public struct ProjectionName: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let name: String

    public init?(_ name: String) {
        guard let category = StreamCategory(name) else { return nil }
        self.name = category.name
    }

    /// A name written in source. An ill-formed literal is a mistake of the programmer and traps.
    public init(stringLiteral name: StaticString) { self.name = StreamCategory(stringLiteral: name).name }

    public var description: String { name }
}
