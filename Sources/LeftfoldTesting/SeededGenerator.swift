import Foundation
import LeftfoldRandom

/// Random numbers (SplitMix64) that are the same for the same seed, on every platform and with every version of Swift.
///
/// A test that draws at random takes its seed as an argument, so that the seed stands in the test's name:
/// ```swift
/// @Test("…", arguments: SeededGenerator.seeds(8))
/// func holds(seed: UInt64) { var random = SeededGenerator(seed: seed); … }
/// ```
/// `LEFTFOLD_SEED=… scripts/test --filter …` runs it again with the seed that failed.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// What it began with.
    public let seed: UInt64
    private var numbers: SplitMix64

    /// A generator with a seed of the caller's, or with ``seed()``.
    public init(seed: UInt64 = SeededGenerator.seed()) {
        self.seed = seed
        numbers = SplitMix64(seed: seed)
    }

    /// The seed in the environment's `LEFTFOLD_SEED`, else a random one, not longer than people like to type.
    public static func seed() -> UInt64 { givenSeed ?? UInt64.random(in: 0...UInt64(UInt32.max)) }

    /// So many random seeds; only the one in `LEFTFOLD_SEED` if it is set.
    public static func seeds(_ count: Int) -> [UInt64] { givenSeed.map { [$0] } ?? (0..<count).map { _ in seed() } }

    private static var givenSeed: UInt64? { ProcessInfo.processInfo.environment["LEFTFOLD_SEED"].flatMap { UInt64($0) } }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 { numbers.next() }
}
