import Leftfold
import Testing

@Suite("The name of a principal") struct PrincipalNameTests {
    @Test(
        "may be anything that people can see and tell apart",
        arguments: [
            "ada", "auth0|5f7c8ec7c33c6c004bbafe82", "spiffe://acme/ci", "Zoë", "東京", "a b", "locale", "local",
            String(repeating: "x", count: 255),
        ])
    func good(_ name: String) {
        #expect(PrincipalName.objection(toSubject: name) == nil)
        #expect(PrincipalName.objection(toTenant: name) == nil)
    }

    @Test(
        "is neither empty nor long nor invisible",
        arguments: [
            ("", "empty"), (String(repeating: "x", count: 256), "255"), (String(repeating: "é", count: 128), "255"), ("a\nb", "control"),
            ("a\u{0}", "control"), ("a\u{7F}", "control"), ("a\u{85}b", "control"), ("a\u{202E}b", "formatting"),
            ("a\u{2066}b", "formatting"),
            ("a\u{200B}", "invisible"), ("\u{FEFF}a", "invisible"), ("a\u{2028}b", "control"), ("a\u{3164}", "invisible"),
            ("a\u{E0041}", "invisible"),
            ("a\u{AD}b", "invisible"), (" a", "white space"), ("a\u{3000}", "white space"),
        ])
    func bad(_ name: String, says: String) {
        #expect(PrincipalName.objection(toSubject: name)?.contains(says) == true)
        #expect(PrincipalName.objection(toTenant: name)?.contains(says) == true)
    }

    @Test("is not the operator's", arguments: ["local:", "local:operator", "LOCAL:operator", "Local:ada", "local:\u{301}a"])
    func operators(_ name: String) {
        #expect(PrincipalName.objection(toSubject: name)?.contains("local:") == true)
        #expect(PrincipalName.objection(toTenant: name) == nil)
    }
}
