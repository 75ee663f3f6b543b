import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

/// History is read for ever. A line that fails here means that stored users can no longer be read: add an upcaster and
/// a line; never change one.
@Suite("The stored form of users")
struct StoredUserTests {
    static let pinned: [(User.Event, String)] = [
        (.created(email: "ada@example.org", name: "Ada"), #"UserCreated {"email":"ada@example.org","name":"Ada"}"#),
        (
            .created(email: "a/b@münchen.de", name: "O'Neil \"é\" \\ 🧵"),
            #"UserCreated {"email":"a/b@münchen.de","name":"O'Neil \"é\" \\ 🧵"}"#
        ),
        (.renamed(name: "Bea"), #"UserRenamed {"name":"Bea"}"#),
        (.emailChanged(email: "bea@example.org"), #"UserEmailChanged {"email":"bea@example.org"}"#),
        (.deactivated(reason: "has left"), #"UserDeactivated {"reason":"has left"}"#),
        (.deactivated(reason: nil), "UserDeactivated {}"),
        (.reactivated, "UserReactivated {}"),
    ]

    @Test("is written as ever", arguments: pinned)
    func written(event: User.Event, line: String) throws { #expect(try storedForm(of: event) == line) }

    @Test("is read as ever", arguments: pinned)
    func read(expected: User.Event, line: String) throws { #expect(try event(User.self, storedAs: line) == [expected]) }

    @Test("may have a reason that is null")
    func null() throws {
        #expect(try event(User.self, storedAs: #"UserDeactivated {"reason":null}"#) == [.deactivated(reason: nil)])
    }

    @Test("has these names")
    func types() {
        #expect(
            User.Event.types
                == ["UserCreated", "UserRenamed", "UserEmailChanged", "UserDeactivated", "UserReactivated"])
    }
}
