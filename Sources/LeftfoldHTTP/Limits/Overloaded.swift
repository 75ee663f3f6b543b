import Leftfold

/// More is asked than the service can do at once. Nothing was done; it is not in the journal.
struct Overloaded: Refusal {
    var code: String { "overloaded" }
    let message: String
    var kind: RefusalKind? { nil }

    init(_ message: String) { self.message = message }
}
