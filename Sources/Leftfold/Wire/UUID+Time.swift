public import Foundation

extension UUID {
    /// A new id that grows with time (UUID version 7: milliseconds since 1970, then 74 random bits), so that the indexes on
    /// ids grow at their end. For all ids that we make; what clients choose stays as it is.
    public static func ordered(_ now: Date = Date()) -> UUID {
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(max(0, now.timeIntervalSince1970 * 1000))
        let (a, b) = (generator.next(), generator.next())
        var id: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &id) { bytes in
            bytes.storeBytes(of: (milliseconds << 16 | 0x7000 | a & 0x0FFF).bigEndian, as: UInt64.self)
            bytes.storeBytes(of: (0b10 << 62 | b >> 2).bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: id)
    }
}
