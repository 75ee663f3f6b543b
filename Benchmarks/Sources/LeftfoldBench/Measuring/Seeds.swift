import Foundation
import LeftfoldTesting

extension SeededGenerator {
    mutating func uuid() -> UUID {
        let (high, low) = (next(), next())
        func byte(_ word: UInt64, _ index: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: word >> (8 * index)) }
        return UUID(
            uuid: (
                byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4), byte(high, 5),
                byte(high, 6) & 0x0F | 0x40, byte(high, 7), byte(low, 0) & 0x3F | 0x80, byte(low, 1), byte(low, 2),
                byte(low, 3), byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
            ))
    }

    mutating func word() -> String { String(next(), radix: 36) }
}

/// Hands out random sequences of which none repeats another.
struct Seeds: Sendable {
    private var given: UInt64 = 0

    mutating func next() -> Seeds.Family {
        given += 1
        return Family(number: given)
    }

    /// The sequences of one measurement.
    struct Family: Sendable {
        let number: UInt64

        func member(_ index: Int) -> SeededGenerator {
            // Mixed once more: neighbouring seeds of SeededGenerator give overlapping sequences.
            var mixer = SeededGenerator(seed: number << 32 | UInt64(index))
            return SeededGenerator(seed: mixer.next())
        }
    }
}
