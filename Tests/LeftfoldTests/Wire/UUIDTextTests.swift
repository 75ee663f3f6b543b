import Foundation
import Leftfold
import Testing

@Test("An id is written as Foundation writes it, in lower case")
func idText() {
    for _ in 0..<1_000 {
        let id = UUID()
        #expect(id.text == id.uuidString.lowercased())
    }
    #expect(
        UUID(uuid: (0, 1, 9, 10, 15, 16, 0x7F, 0x80, 0x9A, 0xA9, 0xAF, 0xF0, 0xFF, 0, 0, 0)).text == "0001090a-0f10-7f80-9aa9-aff0ff000000")
}
