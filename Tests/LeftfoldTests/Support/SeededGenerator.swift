import Foundation

/// SplitMix64: the same seed is the same run. `LEFTFOLD_SEED=… swift test` repeats one.
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    static var givenSeed: UInt64? { ProcessInfo.processInfo.environment["LEFTFOLD_SEED"].flatMap { UInt64($0) } }
    static func fresh() -> SeededGenerator { SeededGenerator(seed: givenSeed ?? .random(in: 0...UInt64(UInt32.max))) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
