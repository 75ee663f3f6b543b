package import Foundation

extension UUID {
    /// One spelling of ids everywhere: lower case, as in stream names, in SQL and in URLs. Foundation's `uuidString` is
    /// upper case, and slow: every command needs several.
    package var text: String {
        withUnsafeBytes(of: uuid) { bytes in
            String(unsafeUninitializedCapacity: 36) { text in
                var end = 0
                for (index, byte) in bytes.enumerated() {
                    if [4, 6, 8, 10].contains(index) {
                        text[end] = UInt8(ascii: "-")
                        end += 1
                    }
                    text[end] = hexadecimalDigit(byte >> 4)
                    text[end + 1] = hexadecimalDigit(byte & 0xF)
                    end += 2
                }
                return end
            }
        }
    }

    private func hexadecimalDigit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }
}

extension KeyedEncodingContainer {
    package mutating func encode(_ id: UUID, forKey key: Key) throws { try encode(id.text, forKey: key) }
}
