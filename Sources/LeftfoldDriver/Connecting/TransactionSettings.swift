/// Settings that go with a transaction, and end with it.
struct TransactionSettings: Sendable {
    /// One statement.
    let sql: SQL
    /// The same, for the simple protocol.
    let text: String

    init(_ settings: [String: String]) {
        let sorted = settings.sorted { $0.key < $1.key }
        let calls = sorted.map { "set_config(\($0.key), \($0.value), true)" as SQL }
        sql = "SELECT \(fragments: calls)"
        // Quoted so that no setting of the server changes how it is read.
        func quoted(_ text: String) -> String { "$leftfold$\(text)$leftfold$" }
        text = "SELECT \(sorted.map { "set_config(\(quoted($0.key)), \(quoted($0.value)), true)" }.joined(separator: ", "))"
    }
}
