import Foundation
public import Leftfold

// What the contract says of the commands, beyond their types.

extension CreateUser: Documented {
    public static let summary = "Creates a user. Where the body names no `id`, the route `/users` takes the `Idempotency-Key` for it."
    public static let fields = UserFields.all
    public static let examples = [CreateUser(id: UserFields.id, email: "ada@example.com", name: "Ada Lovelace")]
    public static let refusals: [any Refusal]? = [Rejected(User.Rejection.alreadyExists), UserFields.emailTaken]
}

extension UpdateUser: Documented {
    public static let summary = "Changes a user's name, e-mail address or both. What is not given stays."
    public static let fields = UserFields.all
    public static let examples = [UpdateUser(id: UserFields.id, name: "Augusta Ada King")]
    public static let refusals: [any Refusal]? = [
        Rejected(User.Rejection.notFound), Rejected(User.Rejection.deactivated), UserFields.emailTaken,
    ]
}

extension DeactivateUser: Documented {
    public static let summary = "Shuts a user out and frees the e-mail address."
    public static let fields = UserFields.all
    public static let examples = [DeactivateUser(id: UserFields.id, reason: "left")]
    public static let refusals: [any Refusal]? = [Rejected(User.Rejection.notFound), Rejected(User.Rejection.deactivated)]
}

extension ReactivateUser: Documented {
    public static let summary = "Lets a deactivated user back in, if nobody took the e-mail address meanwhile."
    public static let fields = UserFields.all
    public static let examples = [ReactivateUser(id: UserFields.id)]
    public static let refusals: [any Refusal]? = [
        Rejected(User.Rejection.notFound), Rejected(User.Rejection.alreadyActive), UserFields.emailTaken,
    ]
}

/// Fields that commands share.
enum UserFields {
    static let id = UUID.jsonSample

    static let all: [String: JSONSchema] = [
        "id": .string(format: "uuid").described("The user's id; chosen by whoever creates the user."),
        "email": .string(length: 1...2 * EmailAddress.maximumBytes, pattern: "@")
            .described(
                "At most \(EmailAddress.maximumBytes) bytes when trimmed and composed. Two active users never have the same, however it is spelt."
            ),
        "name": .string(length: 1...8 * PlainText.name.maximumCharacters).described(
            "At most \(PlainText.name.maximumCharacters) characters when trimmed and composed."),
        "reason": .string(length: 0...8 * PlainText.reason.maximumCharacters)
            .described("At most \(PlainText.reason.maximumCharacters) characters; a blank one is none."),
    ]

    static let emailTaken = Rejected(code: "email_taken", message: "This email is already in use.")
}
