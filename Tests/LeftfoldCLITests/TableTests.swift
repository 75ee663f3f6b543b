import Testing

@testable import LeftfoldCLI

@Suite("Tables")
struct TableTests {
    static let widths: [(text: String, columns: Int)] = [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("王", 2), ("한", 2), ("ｱ", 1), ("Ａ", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤️", 2), ("नि", 1),
        ("\u{200D}", 0), ("a王b", 4),
    ]

    @Test("know how many columns a text takes", arguments: widths)
    func columns(text: String, columns: Int) { #expect(text.columns == columns) }

    static let cuts: [(text: String, limit: Int, cut: String)] = [
        ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", 1, "…"), ("abcd", 0, ""), ("", 0, ""), ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ("王王王", 5, "王王…"), ("王王王", 4, "王…"), ("👩‍👩‍👧👩‍👩‍👧", 3, "👩‍👩‍👧…"), ("👩‍👩‍👧👩‍👩‍👧", 2, "…"),
    ]

    @Test("are cut between characters", arguments: cuts)
    func cut(text: String, limit: Int, cut: String) {
        #expect(text.cut(toColumns: limit) == cut)
        #expect(text.cut(toColumns: limit).columns <= limit)
    }

    static let table = Table(
        ["name", "state", "note"],
        [
            ["Зоя", "active", "a long text that no terminal has the room for"], ["王小明", "", "\u{1B}[2J\u{202E}\nx"],
            ["👩‍👩‍👧", "deactivated", ""],
        ])

    @Test("are as wide as they need to be where there is no terminal")
    func unlimited() {
        #expect(
            Self.table.lines(columns: nil) == [
                "name    state        note", "Зоя     active       a long text that no terminal has the room for",
                #"王小明               \u{1b}[2J\u{202e}\u{a}x"#, "👩‍👩‍👧      deactivated",
            ])
    }

    @Test("fit every terminal, and no character is cut in two", arguments: 1...80)
    func fit(columns: Int) {
        let lines = Self.table.lines(columns: columns)
        #expect(lines.count == 4)
        let all = Self.table.lines(columns: nil).joined() + "…"
        for line in lines {
            #expect(line.columns <= columns, "\(line)")
            for character in line { #expect(all.contains(character), "\(character)") }
        }
    }
}
