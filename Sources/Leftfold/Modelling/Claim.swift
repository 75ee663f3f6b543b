/// A value that at most one stream may hold at a time: an e-mail address, a user name, a seat.
///
/// A claim held by another stream rejects the command with the code `<kind>_taken`.
public struct Claim: Sendable, Hashable {
    /// What sort of value it is, such as `email`.
    public let kind: String
    /// The value in its compared form (for instance lower case).
    public let value: String

    public init(_ kind: String, _ value: String) {
        self.kind = kind
        self.value = value
    }
}

/// What an append does with claims: released ones first, then taken ones.
public struct ClaimChanges: Sendable, Equatable {
    public var released: [Claim]
    public var taken: [Claim]

    public static let none = ClaimChanges(released: [], taken: [])

    public init(released: [Claim], taken: [Claim]) {
        self.released = released
        self.taken = taken
    }

    public init(from before: Set<Claim>, to after: Set<Claim>) {
        if before == after {
            self = .none
            return
        }
        let order: (Claim, Claim) -> Bool = { ($0.kind, $0.value) < ($1.kind, $1.value) }
        released = before.subtracting(after).sorted(by: order)
        taken = after.subtracting(before).sorted(by: order)
    }
}
