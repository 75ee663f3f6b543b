import Foundation
import Leftfold
import Testing

@Suite("An id")
struct UUIDTests {
    @Test("is written as Foundation writes it, in lower case")
    func text() {
        for _ in 0..<1_000 {
            let id = UUID()
            #expect(id.text == id.uuidString.lowercased())
        }
        #expect(
            UUID(uuid: (0, 1, 9, 10, 15, 16, 0x7F, 0x80, 0x9A, 0xA9, 0xAF, 0xF0, 0xFF, 0, 0, 0)).text
                == "0001090a-0f10-7f80-9aa9-aff0ff000000")
    }

    @Test("that we make is of version 7, and of the variant of all")
    func version() {
        for _ in 0..<1_000 {
            let id = UUID.ordered().uuid
            #expect(id.6 >> 4 == 7)
            #expect(id.8 >> 6 == 0b10)
        }
    }

    @Test("that we make begins with the milliseconds since 1970")
    func time() throws {
        let id = UUID.ordered(Date(timeIntervalSince1970: 1_750_000_000.125))
        #expect(id.text.hasPrefix("01977420-dc7d-7"))
        #expect(UUID.ordered(Date(timeIntervalSince1970: -1)).text.hasPrefix("00000000-0000-7"))
    }

    @Test("that we make is after those of earlier microseconds, as bytes and as text")
    func order() {
        let ids = (0..<2_000).map { UUID.ordered(Date(timeIntervalSince1970: 1_750_000_000 + Double($0) / 1_000_000 + 0.0001)) }
        #expect(ids.map(\.text) == ids.map(\.text).sorted())
        #expect(ids == ids.sorted())
    }

    @Test("that we make differs from all others of its moment, in every random bit")
    func random() {
        let now = Date()
        let ids = (0..<10_000).map { _ in UUID.ordered(now) }
        #expect(Set(ids).count == ids.count)
        var (ones, zeros) = ([UInt8](repeating: 0, count: 16), [UInt8](repeating: 0, count: 16))
        for id in ids {
            withUnsafeBytes(of: id.uuid) { bytes in
                for index in 0..<16 {
                    ones[index] |= bytes[index]
                    zeros[index] |= ~bytes[index]
                }
            }
        }
        // The fraction of the millisecond after the version, 62 random bits after the variant.
        let random: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        for index in 6..<16 { #expect(ones[index] & zeros[index] == random[index], "byte \(index)") }
    }

    @Test("that nobody chose for a command is of version 7")
    func commandID() {
        #expect(CommandContext(principal: teller).commandID.uuid.6 >> 4 == 7)
    }
}
