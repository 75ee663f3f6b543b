import Foundation
import Leftfold
import Testing

@Suite("Cursors")
struct CursorTests {
    private struct Page: Codable, Equatable {
        var next: Cursor?
    }

    private let seal = CursorSeal(seal: { [1] + $0 }, open: { $0.first == 1 ? Array($0.dropFirst()) : nil })

    @Test("are base64url text on the wire, plain or sealed, and come back as they were")
    func wire() throws {
        let page = Page(next: Cursor([0xFB, 0xFF, 0]))
        #expect(try StrictJSON.encode(page) == Array(#"{"next":"-_8A"}"#.utf8))
        #expect(try StrictJSON.encode(page, cursors: seal) == Array(#"{"next":"Afv_AA"}"#.utf8))
        #expect(try StrictJSON.decode(Page.self, from: Array(#"{"next":"-_8A"}"#.utf8)) == page)
        #expect(try StrictJSON.decode(Page.self, from: Array(#"{"next":"Afv_AA"}"#.utf8), cursors: seal) == page)
        #expect(try StrictJSON.decode(Page.self, from: Array("{}".utf8), cursors: seal) == Page())
    }

    @Test(
        "that are not ours are refused",
        arguments: ["-_8A", "", "A", "Afv_AB", "Afv/AA", "Afv_AA==", "Afv_ AA", "é", String(repeating: "A", count: 1028)])
    func refused(text: String) {
        #expect(throws: MalformedInput.invalidCursor) {
            try StrictJSON.decode(Page.self, from: Array(#"{"next":"\#(text)"}"#.utf8), cursors: seal)
        }
    }
}
