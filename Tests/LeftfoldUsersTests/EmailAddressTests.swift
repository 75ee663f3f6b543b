import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

@Suite("E-mail addresses")
struct EmailAddressTests {
    /// Byte by byte: Swift takes composed and decomposed text for equal.
    private func same(_ a: String, _ b: String) -> Bool { Array(a.utf8) == Array(b.utf8) }

    @Test(
        "are kept trimmed, composed, with the domain in lower case",
        arguments: [
            ("ada@example.org", "ada@example.org"), ("  ada@example.org\r\n", "ada@example.org"),
            ("Ada.L@EXAMPLE.Org", "Ada.L@example.org"),
            ("Jose\u{301}@Mu\u{308}nchen.DE", "Jos\u{E9}@m\u{FC}nchen.de"), ("Å@\u{212B}.org", "\u{C5}@\u{E5}.org"),
            ("ada", "ada"), ("@", "@"), ("", ""), ("A@B@C.D", "A@B@c.d"), ("\u{A0}ada@example.org\u{3000}", "ada@example.org"),
        ])
    func normalized(text: String, expected: String) {
        #expect(same(EmailAddress.normalized(text), expected))
        #expect(same(EmailAddress.normalized(expected), expected), "the normal form of the normal form is itself")
    }

    private static let spellings: [(String, String)] = [
        ("Ada@example.org", "ada@EXAMPLE.ORG"), ("JOSÉ@example.org", "jose\u{301}@example.org"),
        ("Ω@example.org", "\u{2126}@example.org"),
        (" ada@example.org", "ada@example.org "),
        ("u@bücher.example", "u@xn--bcher-kva.example"), ("u@BÜCHER.example", "U@XN--BCHER-KVA.EXAMPLE"),
        ("u@bu\u{308}cher.example", "u@xn--bcher-kva.example"), ("u@bücher。example", "u@xn--bcher-kva.example"),
        ("u@bücher．example", "u@bücher｡example"), ("u@ｂücher.example", "u@bücher.example"), ("u@ｘn--bcher-kva.example", "u@bücher.example"),
        ("straße@example.org", "STRASSE@example.org"), ("u@straße.example", "u@xn--strae-oqa.example"),
        ("u@STRASSE.example", "u@straße.example"), ("σίσυφος@example.org", "ΣΊΣΥΦΟΣ@example.org"),
        ("u@σίσυφος.example", "u@ΣΊΣΥΦΟΣ.example"), ("ılker@example.org", "İLKER@example.org"), ("ﬁlo@example.org", "FILO@example.org"),
        ("ａｄａ@example.org", "ada@example.org"), ("①@example.org", "1@example.org"),
        ("a@παράδειγμα.δοκιμή", "a@xn--hxajbheg2az3al.xn--jxalpdlp"),
    ]

    @Test(
        "are the same in any case and composition",
        arguments: spellings)
    func equal(a: String, b: String) {
        #expect(same(EmailAddress.compared(a), EmailAddress.compared(b)))
        #expect(same(EmailAddress.compared(EmailAddress.compared(a)), EmailAddress.compared(a)))
    }

    @Test(
        "are different if they only look alike",
        arguments: [
            ("ada@example.org", "\u{430}da@example.org"), ("ada@example.org", "ada@example.com"),
            ("zoe@example.org", "zoë@example.org"), ("u@bucher.example", "u@xn--bcher-kva.example"),
            ("a.da@example.org", "ada@example.org"), ("ada+x@example.org", "ada@example.org"),
        ])
    func different(a: String, b: String) { #expect(EmailAddress.compared(a) != EmailAddress.compared(b)) }

    private static let long = String(repeating: "㌫", count: 20)
    private static let unreadable = "must have a domain whose labels that begin with xn-- can be read"

    private func problem(_ email: String) -> Decided<User> {
        given(User.self).when(CreateUser(id: UUID(), email: email, name: "Ada"))
    }

    @Test(
        "are accepted",
        arguments: [
            "a@b.c", "ada.lovelace+notes@sub.example.org", "!#$%&'*+-/=?^_`{|}~@example.org", "123@1.2", "用户@例子.广告", "ñ@españa.es",
            "δοκιμή@παράδειγμα.δοκιμή", "ada@xn--mnchen-3ya.de", "ada@a-b.example", "उदाहरण@उदाहरण.भारत", "o'neil@example.org",
            String(repeating: "a", count: 64) + "@example.org", "a@" + String(repeating: "b", count: 63) + ".org",
            "a@" + Array(repeating: String(repeating: "b", count: 50), count: 4).joined(separator: ".") + "."
                + String(repeating: "c", count: 48),
        ])
    func accepted(email: String) { #expect(problem(email) == .events([.created(email: email, name: "Ada")])) }

    private static let refusals: [(email: String, problem: String)] = [
        ("a@xn--a.org", "must not contain control characters"), ("a@xn--.org", "must have a domain of letters, digits and inner hyphens"),
        ("a@xn--abc-.org", "must have a domain of letters, digits and inner hyphens"), ("a@xn--99999999.org", Self.unreadable),
        ("a@xn---kva.org", Self.unreadable), ("a@XN--A-99999999.org", Self.unreadable), ("a@ｘn--99999999.org", Self.unreadable),
        // An ideographic full stop, a full-width @, another xn-- and a full-width dot within the label.
        ("a@xn--ab-yka4629b.org", Self.unreadable), ("a@xn--ab-iw3n.org", "must contain exactly one @"),
        ("a@xn--n--bcher-9k39b.org", Self.unreadable), ("a@xn--tda7911k.org", Self.unreadable),
        ("a，b@example.org", "must not contain any of ( ) < > [ ] : ; , \\ \""),
        ("a＠b@example.org", "must contain exactly one @"), ("a¨@example.org", "must not contain spaces or invisible characters"),
        ("a‥b@example.org", "must not have a dot at the beginning, at the end or after another dot before the @"),
        ("a@b＿c.org", "must have a domain of letters, digits and inner hyphens"),
        (
            "\(Self.long)@\(Self.long).\(Self.long).\(Self.long).jp",
            "must not be longer than 320 bytes when letters that stand for several are written out"
        ),
        ("e" + String(repeating: "\u{301}", count: 31) + "@example.org", "must not have more than 30 marks on one letter"),
        ("", "must not be empty"), (" \t\n", "must not be empty"),
        ("ada", "must contain exactly one @"), ("ada@b@example.org", "must contain exactly one @"),
        ("ada＠example.org", "must contain exactly one @"),
        ("@example.org", "must have something before the @"), ("ada@", "must end in a domain such as example.org"),
        ("ada@localhost", "must end in a domain such as example.org"), ("ada@example.", "must end in a domain such as example.org"),
        ("ada@.org", "must end in a domain such as example.org"), ("ada@example..org", "must end in a domain such as example.org"),
        ("ada@-a.org", "must have a domain of letters, digits and inner hyphens"),
        ("ada@a-.org", "must have a domain of letters, digits and inner hyphens"),
        ("ada@a_b.org", "must have a domain of letters, digits and inner hyphens"),
        ("ada@[127.0.0.1]", "must have a domain of letters, digits and inner hyphens"),
        ("ada@exa'mple.org", "must have a domain of letters, digits and inner hyphens"),
        (".ada@example.org", "must not have a dot at the beginning, at the end or after another dot before the @"),
        ("ada.@example.org", "must not have a dot at the beginning, at the end or after another dot before the @"),
        ("a..da@example.org", "must not have a dot at the beginning, at the end or after another dot before the @"),
        ("\"ada\"@example.org", "must not contain any of ( ) < > [ ] : ; , \\ \""),
        ("Ada<ada@example.org", "must not contain any of ( ) < > [ ] : ; , \\ \""),
        ("a,b@example.org", "must not contain any of ( ) < > [ ] : ; , \\ \""),
        ("a da@example.org", "must not contain spaces or invisible characters"),
        ("ada@exa mple.org", "must not contain spaces or invisible characters"),
        ("a\u{200B}da@example.org", "must not contain spaces or invisible characters"),
        ("ada@example.org\u{202E}", "must not contain spaces or invisible characters"),
        ("a\u{3164}@example.org", "must not contain spaces or invisible characters"),
        ("a\u{0}da@example.org", "must not contain control characters"),
        ("ada@example.org\u{0}", "must not contain control characters"),
        ("a\nbcc:x@example.org", "must not contain control characters"), ("a\u{7F}@example.org", "must not contain control characters"),
        ("a\u{85}@example.org", "must not contain control characters"),
        (String(repeating: "a", count: 65) + "@example.org", "must not have more than 64 bytes before the @"),
        (String(repeating: "é", count: 33) + "@example.org", "must not have more than 64 bytes before the @"),
        ("a@" + String(repeating: "b", count: 64) + ".org", "must not have more than 63 bytes between two dots of the domain"),
        (
            "a@" + Array(repeating: String(repeating: "b", count: 50), count: 5).joined(separator: "."),
            "must not be longer than 254 bytes"
        ),
        ("e" + String(repeating: "\u{301}", count: 100_000) + "@example.org", "must not be longer than 254 bytes"),
    ]

    @Test(
        "are refused",
        arguments: refusals)
    func refused(email: String, problem expected: String) { #expect(problem(email) == .invalid("email", expected)) }
}
