/// What a command, a query or an answer tells its readers beyond its types. All of it is optional; none of it changes what is accepted,
/// which stays the affair of `validate()`.
///
/// ```swift
/// extension Deposit: Documented {
///     static let summary = "Pays money in."
///     static let fields: [String: JSONSchema] = ["amount": .integer(1...1_000_000).described("In cents.")]
///     static let examples = [Deposit(id: …, amount: 500)]
///     static let refusals: [any Refusal]? = [Rejected(Account.Rejection.notOpen)]
/// }
/// ```
public protocol Documented: Codable {
    /// A sentence for readers, in Markdown.
    static var summary: String { get }
    /// By the name on the wire: what a field is like beyond its type.
    static var fields: [String: JSONSchema] { get }
    static var examples: [Self] { get }
    /// Every refusal of the service's own: what the domain says no with, claims that are taken, what is not found. Their codes are all that
    /// the contract allows beside Leftfold's own. Nil, unless declared: they are not known, and any code may come.
    static var refusals: [any Refusal]? { get }
}

extension Documented {
    public static var summary: String { "" }
    public static var fields: [String: JSONSchema] { [:] }
    public static var examples: [Self] { [] }
    public static var refusals: [any Refusal]? { nil }
}

extension Documented {
    /// The examples in their written form.
    package static var writtenExamples: [RawJSON] { examples.compactMap { (try? StrictJSON.encode($0)).map { RawJSON($0) } } }
}
