public import Foundation

extension UUID {
    /// A new id that grows with time (UUID version 7: milliseconds since 1970, twelve bits of their fraction, then 62 random
    /// bits), so that the indexes on ids grow at their end. For all ids that we make; what clients choose stays as it is.
    public static func ordered(_ now: Date = Date()) -> UUID {
        var generator = SystemRandomNumberGenerator()
        // In 4,096ths of a millisecond: the fraction takes the place of random bits, as RFC 9562 allows.
        let time = UInt64(max(0, now.timeIntervalSince1970 * 4_096_000))
        var id: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &id) { bytes in
            bytes.storeBytes(of: ((time >> 12) << 16 | 0x7000 | time & 0x0FFF).bigEndian, as: UInt64.self)
            bytes.storeBytes(of: (0b10 << 62 | generator.next() >> 2).bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: id)
    }
}
