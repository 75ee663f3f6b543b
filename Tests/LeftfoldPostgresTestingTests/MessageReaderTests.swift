import LeftfoldTesting
import Testing

@testable import LeftfoldPostgresTesting

@Suite("Bytes of the protocol") struct MessageReaderTests {
    private func packet(_ type: UInt8?, _ content: [UInt8]) -> [UInt8] {
        (type.map { [$0] } ?? []) + number(content.count + 4) + content
    }

    private func number(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    private func types(_ reader: inout MessageReader) -> [MessageType] {
        var types: [MessageType] = []
        while let message = reader.next() { types.append(message.type) }
        return types
    }

    @Test("become the same messages in whatever pieces they arrive", arguments: SeededGenerator.seeds(8))
    func pieces(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let kinds: [(UInt8, MessageType)] = [
            (0x50, .parse), (0x42, .bind), (0x45, .execute), (0x53, .sync), (0x64, .copyDataIn), (0x51, .query), (0x58, .terminate),
        ]
        var expected: [MessageType] = [.sslRequest, .startup]
        var bytes = packet(nil, number(80_877_103)) + packet(nil, number(3 << 16) + Array("user\0me\0\0".utf8))
        for _ in 0..<200 {
            let (byte, type) = kinds[Int.random(in: kinds.indices, using: &random)]
            let length = Int.random(in: 0...(Bool.random(using: &random) ? 8 : 3000), using: &random)
            bytes += packet(byte, (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
            expected.append(type)
        }
        var reader = MessageReader(.client)
        var found: [MessageType] = []
        var whole: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...700, using: &random))
            rest = rest.dropFirst(piece.count)
            reader.take(piece)
            while let message = reader.next() {
                found.append(message.type)
                whole += message.bytes
            }
        }
        #expect(found == expected)
        #expect(whole == bytes, "nothing is added or lost")
    }

    @Test("tell the name of the application")
    func application() {
        var reader = MessageReader(.client)
        reader.take(packet(nil, number(3 << 16) + Array("user\0application_name\0application_name\0leftfold append\0\0".utf8)))
        #expect(reader.next()?.applicationName == "leftfold append")
    }

    @Test("of a request to cancel are one message, and of an encrypted connection none that can be read")
    func notToBeRead() {
        var reader = MessageReader(.client)
        reader.take(packet(nil, number(80_877_102) + [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(types(&reader) == [.cancelRequest])
        var encrypted = MessageReader(.server)
        encrypted.expect(.encryptionAnswer)
        encrypted.take(Array("S".utf8))
        #expect(types(&encrypted) == [.encryptionAnswer])
        encrypted.expect(.encrypted)
        encrypted.take([1, 2, 3])
        #expect(types(&encrypted) == [.encrypted(.server)])
    }
}
