import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

@Suite("Names")
struct NameTests {
    private func decided(_ name: String) -> Decided<User> {
        given(User.self).when(CreateUser(id: UUID(), email: "a@b.c", name: name))
    }

    @Test(
        "of people everywhere are accepted",
        arguments: [
            "Ada", "X", "Æ A-12", "Björk Guðmundsdóttir", "Nguyễn Thị Minh Khai", "李小龙", "山田 花子", "محمد بن سلمان", "שרה", "Ольга",
            "ἸΩΆΝΝΗΣ",
            "सीता", "Robert'); DROP TABLE users;--", "O’Neil, Jr.", "<b>", "$1", "{}", "Madonna 🎤", "👩‍👩‍👧‍👦", "می\u{200C}خواهم", "辻\u{E0100}",
            String(repeating: "é", count: 200), String(repeating: "🧵", count: 200),
        ])
    func accepted(name: String) { #expect(decided(name) == .events([.created(email: "a@b.c", name: name)])) }

    @Test(
        "are kept trimmed, on one line, composed",
        arguments: [
            (" Ada ", "Ada"), ("Ada  Lovelace", "Ada Lovelace"), ("Ada\r\nLovelace\t", "Ada Lovelace"), ("\u{3000}山田\u{3000}花子", "山田 花子"),
            ("Ada\u{A0}\u{2028}\u{85}L", "Ada L"), ("Jose\u{301}", "Jos\u{E9}"), ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
        ])
    func normalized(name: String, expected: String) throws {
        let command = CreateUser(id: UUID(), email: "a@b.c", name: name).normalized()
        #expect(Array(command.name.utf8) == Array(expected.utf8))
        #expect(command.normalized() == command)
    }

    @Test(
        "are refused",
        arguments: [
            ("", "must not be empty"), (" \n\t\u{3000}", "must not be empty"), ("\u{200D}", "must not be empty"),
            ("\u{3164}", "must not be empty"),
            ("A\u{0}da", "must not contain control characters"), ("\u{1B}[31mAda", "must not contain control characters"),
            ("Ada\u{7F}", "must not contain control characters"), ("Ada\u{9B}", "must not contain control characters"),
            ("Ada\u{202E}adA", "must not contain invisible characters"), ("A\u{200B}da", "must not contain invisible characters"),
            ("\u{FEFF}Ada", "must not contain invisible characters"),
            (String(repeating: "a", count: 201), "must not be longer than 200 characters"),
            ("a" + String(repeating: "\u{302}", count: 10_000), "must not be longer than 800 bytes"),
            (String(repeating: "a", count: 1_000_000), "must not be longer than 800 bytes"),
        ])
    func refused(name: String, problem: String) { #expect(decided(name) == .invalid("name", problem)) }
}
