/// How a command ended, as the journal tells it.
public enum Outcome: Sendable, Equatable, Hashable {
    /// Its events are in the log, at the positions told (I1).
    case accepted
    /// It left no event (I2).
    case refused(RefusalKind)
}

/// Why a command was refused, in the journal's words.
public enum RefusalKind: String, Sendable, Codable, CaseIterable {
    /// The domain said no.
    case rejected
    /// The principal lacks the permission.
    case denied
    /// It was malformed or failed validation.
    case invalid
    /// The stream was not at the version the client, or after all retries the bus, expected; or a condition did not hold.
    case conflict
    /// A fault of the service.
    case failed
}

extension Outcome: RawRepresentable, Codable, CaseIterable {
    public static let allCases = [Outcome.accepted] + RefusalKind.allCases.map(Outcome.refused)

    /// As the journal spells it, such as `rejected`.
    public var rawValue: String {
        switch self {
        case .accepted: "accepted"
        case .refused(let kind): kind.rawValue
        }
    }

    public init?(rawValue: String) {
        if rawValue == "accepted" {
            self = .accepted
        } else if let kind = RefusalKind(rawValue: rawValue) {
            self = .refused(kind)
        } else {
            return nil
        }
    }
}
