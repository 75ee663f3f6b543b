import Foundation
import Leftfold
import Testing

@Suite("Names of streams")
struct StreamNameTests {
    @Test(
        "are a category and an id",
        arguments: [
            ("account-1", "account", "1"), ("a_b2-x-y-z", "a_b2", "x-y-z"), ("user-é 🧵", "user", "é 🧵"), ("user--", "user", "-"),
        ])
    func wellFormed(name: String, category: String, id: String) throws {
        let stream = try #require(StreamName(rawValue: name))
        #expect(stream.category.rawValue == category)
        #expect(stream.id == id)
        #expect(stream.description == name)
    }

    @Test(
        "are refused otherwise",
        arguments: [
            "", "-", "account", "account-", "-1", "Account-1", "1account-1", "_a-1", "äccount-1", "a b-1", "a.b-1", "account-\u{0}",
            "account-a\nb", "account-\u{7F}", "account-" + String(repeating: "x", count: 248),
        ])
    func illFormed(name: String) { #expect(StreamName(rawValue: name) == nil) }

    @Test("have at most 255 bytes")
    func longest() { #expect(StreamName(rawValue: "account-" + String(repeating: "x", count: 247)) != nil) }

    @Test("of aggregates end in the UUID in lower case, which comes back")
    func uuid() throws {
        let id = try #require(UUID(uuidString: "7F1C0000-0000-4000-8000-00000000ABCD"))
        let stream = StreamID<Account>(id).name
        #expect(stream.rawValue == "account-7f1c0000-0000-4000-8000-00000000abcd")
        #expect(stream.uuid == id)
        #expect(StreamName(rawValue: stream.rawValue) == stream)
        #expect(StreamName(rawValue: "account-1")?.uuid == nil)
        #expect(StreamID<Account>(stream)?.uuid == id)
    }

    @Test("are typed by their category alone")
    func typed() throws {
        let isbn = try #require(StreamID<Account>(key: "978-3-16"))
        #expect(isbn.name.rawValue == "account-978-3-16")
        #expect(isbn.uuid == nil)
        #expect(StreamID<Account>(isbn.name) == isbn)
        for other in ["accounts-1", "accoun-1", "account_2-1", "user-account-1"] {
            #expect(StreamID<Account>(try #require(StreamName(rawValue: other))) == nil)
        }
        for key in ["", "a\nb", String(repeating: "x", count: 248)] { #expect(StreamID<Account>(key: key) == nil) }
    }

    @Test("categories are lowercase ASCII, digits and underscores", arguments: ["a", "user", "user_2", String(repeating: "a", count: 63)])
    func category(name: String) { #expect(StreamCategory(rawValue: name)?.rawValue == name) }

    @Test(
        "other categories are refused", arguments: ["", "User", "2user", "_user", "us-er", "us er", "ü", String(repeating: "a", count: 64)])
    func badCategory(name: String) { #expect(StreamCategory(rawValue: name) == nil) }
}
