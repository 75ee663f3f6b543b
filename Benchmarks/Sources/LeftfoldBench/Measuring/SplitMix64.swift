import Foundation

/// Random numbers that are the same in every run.
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension SplitMix64 {
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

        func member(_ index: Int) -> SplitMix64 {
            // Mixed once more: neighbouring seeds of SplitMix64 give overlapping sequences.
            var mixer = SplitMix64(seed: number << 32 | UInt64(index))
            return SplitMix64(seed: mixer.next())
        }
    }
}
