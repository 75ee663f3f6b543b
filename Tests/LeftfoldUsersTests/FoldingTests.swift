import Foundation
import LeftfoldTesting
import Testing

@testable import LeftfoldUsers

@Suite("Folding")
struct FoldingTests {
    private func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

    private static let spellings: [[String]] = [
        ["Ada", "ADA", "ada", "Ａｄａ", "𝐀𝐝𝐚", "ⓐda"], ["straße", "STRASSE", "STRAẞE", "strasse", "StraSSe"],
        ["ΟΔΥΣΣΕΥΣ", "Οδυσσευς", "οδυσσευσ"], ["ﬁlo", "FILO", "ﬁLO"], ["Ｊosé", "JOSE\u{301}", "josé"],
        ["İlker", "ılker", "ilker", "ILKER", "I\u{307}LKER"], ["i\u{323}\u{307}x", "i\u{323}x", "\u{1ECB}x"],
        ["ŉ", "ʼN"], ["ᾳ", "ΑΙ", "α\u{345}"], ["ǆ", "ǅ", "Ǆ", "dž", "D\u{17D}"], ["K", "\u{212A}", "k"], ["Å", "\u{212B}", "a\u{30A}"],
        ["ﬅ", "ST", "ﬆ", "ſt"], ["ﾊﾝｶｸ", "ハンカク"], ["ﾊﾞ", "バ", "ハ\u{3099}"], ["한", "\u{1112}\u{1161}\u{11AB}"], ["ꭰ", "Ꭰ"],
        ["ა", "Ა"], ["①", "1"], ["Zo\u{200D}ë", "ZOE\u{308}"], ["ﬀ\u{AD}", "FF"], ["և", "ԵՒ"],
    ]

    @Test("makes one of what people take for one", arguments: spellings)
    func equal(spellings: [String]) {
        let folded = spellings.map { Folding.folded($0) }
        #expect(folded.allSatisfy { same($0, folded[0]) }, "\(folded)")
    }

    @Test(
        "keeps apart what is not the same",
        arguments: [("zoe", "zoë"), ("ada", "\u{430}da"), ("o", "ø"), ("l", "ł"), ("i", "í"), ("j", "i"), ("が", "か"), ("e", "é")])
    func different(a: String, b: String) { #expect(!same(Folding.folded(a), Folding.folded(b))) }

    /// Over every scalar that Unicode says has something to fold, and every one that decomposes.
    @Test("of a folded text is itself, and any case and composition of a scalar folds alike")
    func stable() {
        var wrong: [String] = []
        var count = 0
        for value in UInt32(0)...0x3FFFF {
            guard let scalar = Unicode.Scalar(value),
                scalar.properties.changesWhenNFKCCaseFolded || scalar.properties.isChangesWhenUppercased
            else { continue }
            count += 1
            let text = "x\(scalar)y"
            let folded = Folding.folded(text)
            let spellings = [
                folded, text.uppercased(), text.lowercased(), scalar.properties.titlecaseMapping.withX,
                text.decomposedStringWithCanonicalMapping,
                text.decomposedStringWithCompatibilityMapping, text.precomposedStringWithCompatibilityMapping, folded.uppercased(),
            ]
            for spelling in spellings where !same(Folding.folded(spelling), folded) {
                wrong.append(String(value, radix: 16) + " " + spelling + " " + Folding.folded(spelling) + " not " + folded)
            }
        }
        #expect(count > 7_000)
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(40).joined(separator: "\n"))")
    }

    @Test("is cut between scalars")
    func cut() {
        #expect(same(Folding.folded("ÄÖÜ", maximumBytes: 5), "äö"))
        #expect(same(Folding.folded("ÄÖÜ", maximumBytes: 6), "äöü"))
        #expect(same(Folding.folded("🧵🧵", maximumBytes: 7), "🧵"))
        #expect(Folding.folded("🧵", maximumBytes: 3).isEmpty)
        #expect(Folding.folded(String(repeating: "\u{FDFA}", count: 266), maximumBytes: 400).utf8.count <= 400)
    }

    /// What strangers send: marks that have to be put in order, letters that become many, and so on.
    private static let hostile: [(name: String, piece: String)] = [
        ("marks of two classes", "\u{301}\u{327}"), ("marks on letters", "e\u{301}\u{327}\u{308}"), ("letters that are many", "\u{FDFA}"),
        ("Hangul", "\u{1112}\u{1161}\u{11AB}"), ("marks that are two", "\u{344}"), ("Tibetan marks", "\u{F73}\u{F71}"),
        ("regional indicators", "🇩"),
        ("joiners", "👩\u{200D}"), ("variation selectors", "\u{FE0F}"), ("spaces", " \u{3000}"), ("direction", "\u{202E}"),
        ("double dots", "xn--."), ("at signs", "@"),
    ]

    @Test("and all that looks at text cost no more per byte, however long and odd it is", arguments: hostile)
    func linear(name: String, piece: String) {
        let operations: [(String, (String) -> Void)] = [
            ("folded", { _ = Folding.folded($0) }), ("compared", { _ = EmailAddress.compared($0) }),
            ("create", { text in try? CreateUser(id: UUID(), email: text, name: text).normalized().validate() }),
            ("create @", { text in try? CreateUser(id: UUID(), email: "a@" + text, name: "a").normalized().validate() }),
            ("update", { text in try? UpdateUser(id: UUID(), email: text + "@b.c", name: text).normalized().validate() }),
            ("deactivate", { text in try? DeactivateUser(id: UUID(), reason: text).normalized().validate() }),
        ]
        for (operation, run) in operations {
            let short = String(repeating: piece, count: 4_000 / piece.utf8.count)
            let long = String(repeating: piece, count: 128_000 / piece.utf8.count)
            func time(_ text: String) -> Double {
                let best = (0..<3).map { _ in ContinuousClock().measure { run(text) } }.min() ?? .zero
                return best / .milliseconds(1)
            }
            // 32 times the bytes; the square of that would be 1,000 times the time. The rest is for a busy machine.
            let (little, much) = (time(short), time(long))
            #expect(much < 32 * 5 * max(little, 0.05), "\(operation) of \(name): \(little) ms, then \(much) ms")
        }
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isChangesWhenUppercased: Bool { changesWhenUppercased || changesWhenLowercased || changesWhenTitlecased }
}

extension String {
    fileprivate var withX: String { "x\(self)y" }
}
