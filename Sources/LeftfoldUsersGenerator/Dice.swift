import LeftfoldRandom

/// How the generator draws, so that the same seed gives the same file everywhere.
struct Dice {
    private var numbers: SplitMix64

    init(seed: UInt64) { numbers = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { numbers.next() }

    /// 0 where there is nothing below the bound.
    mutating func below(_ bound: Int) -> Int {
        bound > 0 ? Int(next().multipliedFullWidth(by: UInt64(bound)).high) : 0
    }

    /// True so many times in a thousand.
    mutating func happens(perMille chance: Int) -> Bool { below(1000) < chance }

    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    /// As `UUID.uuidString.lowercased()` of a version 4.
    mutating func uuid() -> String {
        let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for half in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = UInt8(half >> UInt64(shift) & 0xF)
                text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                if [8, 13, 18, 23].contains(text.count) { text.append(UInt8(ascii: "-")) }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
