import Foundation

/// Text that costs careless code more than its length.
package enum HostileText: String, CaseIterable, Sendable {
    /// One accent after another: Swift puts them in order to compare or hash them.
    case marks
    /// Accents in the wrong order, so that each has to move.
    case disorderedMarks
    /// Marks that decompose into marks, with a class of their own.
    case tibetanVowels
    /// Vowels of Hangul, each of which could belong to what is before it.
    case jamo
    /// One letter that compatibility makes eighteen of.
    case expanding
    /// Emoji that are one character however many they are.
    case joined
    /// Plain letters, for comparison.
    case ascii

    private var unit: String {
        switch self {
        case .marks: "\u{301}"
        case .disorderedMarks: "\u{345}\u{301}\u{316}\u{334}"
        case .tibetanVowels: "\u{F73}\u{F71}"
        case .jamo: "\u{1161}"
        case .expanding: "\u{FDFA}"
        case .joined: "\u{1F469}\u{200D}"
        case .ascii: "a"
        }
    }

    /// A letter, and as many of these as fit into so many bytes.
    package func text(bytes: Int) -> String { "e" + String(repeating: unit, count: max(0, (bytes - 1) / unit.utf8.count)) }
}

/// How the time of some work grows with its size. A quadratic one takes 64 times as long for eight times the size.
package struct Growth: Sendable, CustomStringConvertible {
    /// Generous: a busy machine is not what is looked for.
    private static let most = 24.0
    private static let rounds = 12
    /// In seconds. Shorter times are all the same.
    private static let shortest = 0.000_2

    /// In seconds of the processor, for one part and for eight.
    package let small: Double
    package let large: Double

    /// The best of several rounds with a size and with eight times as much.
    package static func measure(_ size: Int, _ work: (_ size: Int) -> Void) -> Growth {
        var growth = Growth(small: .infinity, large: .infinity)
        for round in 1...rounds {
            growth = Growth(
                small: min(growth.small, processorTime { work(size) }), large: min(growth.large, processorTime { work(8 * size) }))
            // What is good enough once is good enough.
            if round > 1, growth.isLinear { break }
        }
        return growth
    }

    /// Of this thread alone: what else runs on the machine does not count.
    private static func processorTime(_ work: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        work()
        return now() - start
    }

    package var isLinear: Bool { large <= max(small, Self.shortest) * Self.most }
    package var description: String { "\(small * 1000) ms for one part, \(large * 1000) ms for eight" }
}

/// How long some work takes with hostile text, and with plain text of the same length: for work whose own cost hides that of the text.
package struct Surcharge: Sendable, CustomStringConvertible {
    private static let rounds = 15

    package let plain: Duration
    package let hostile: Duration
    /// Of each of the texts.
    package let bytes: Int

    /// The best of several rounds.
    package static func measure(
        _ kind: HostileText, bytes: Int, _ work: (_ text: String) async throws -> Void
    ) async rethrows -> Surcharge {
        var (plain, hostile) = (Duration.seconds(3600), Duration.seconds(3600))
        let texts = (plain: HostileText.ascii.text(bytes: bytes), hostile: kind.text(bytes: bytes))
        for _ in 1...rounds {
            let clock = ContinuousClock()
            plain = min(plain, try await clock.measure { try await work(texts.plain) })
            hostile = min(hostile, try await clock.measure { try await work(texts.hostile) })
            if Surcharge(plain: plain, hostile: hostile, bytes: bytes).isSmall { break }
        }
        return Surcharge(plain: plain, hostile: hostile, bytes: bytes)
    }

    /// What is quadratic costs a tenth of a second for the text of one header, and minutes for that of one body. A look at each scalar of
    /// a text that is not ASCII is linear, and costs some 200 ns a byte without optimization; several times that on a busy machine.
    package var isSmall: Bool { hostile <= plain * 4 + .milliseconds(20) + .microseconds(bytes) }
    package var description: String { "\(plain) with plain text, \(hostile) with this" }
}
