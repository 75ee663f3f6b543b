import Leftfold

/// Collects the problems of all fields, so that a form can show them at once.
struct UserProblems {
    private var found: [ValidationError.Problem] = []

    mutating func check(email: String) { add("email", EmailAddress.problem(with: email)) }
    mutating func check(name: String) { add("name", PlainText.name.problem(with: name)) }
    mutating func check(reason: String) { add("reason", PlainText.reason.problem(with: reason)) }

    mutating func add(_ field: String, _ problem: String?) {
        if let problem { found.append(.init(field: field, problem: problem)) }
    }

    func throwIfAny() throws(ValidationError) {
        if !found.isEmpty { throw ValidationError(found) }
    }
}
