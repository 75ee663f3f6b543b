/// 128 bits that tell apart what differs by accident. Not by intent: whoever finds two commands of their own that cannot be read and have
/// the same checksum gets the same refusal for both.
struct Checksum {
    private(set) var first: UInt64 = 0x9E37_79B9_7F4A_7C15
    private(set) var second: UInt64 = 0xC2B2_AE3D_27D4_EB4F

    init(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
                index += 8
            }
            add(bytes[index...].reduce(UInt64(bytes.count)) { $0 << 8 | UInt64($1) })
        }
    }

    /// Two lanes of multiplications by odd numbers, each of which can be undone: no word is lost.
    private mutating func add(_ word: UInt64) {
        first = (first ^ word) &* 0xFF51_AFD7_ED55_8CCD
        first ^= first >> 32
        second = (second &+ word) &* 0xC4CE_B9FE_1A85_EC53
        second ^= second >> 29
    }
}
