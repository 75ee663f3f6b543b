public import Foundation

/// Something that answers depend on and events touch: `user/<id>` for one user, `users` for whatever lists or counts them.
///
/// It is known by a digest of 64 bits, the same in all processes. Two names with one digest are taken for one; then an answer
/// is thrown away that was still true, and never kept when it was not.
public struct Dependency: Hashable, Sendable {
    package let digest: UInt64

    package init(digest: UInt64) { self.digest = digest }

    /// By any name.
    public init(_ name: String) {
        var digest = FNV1a()
        digest.combine(name.utf8)
        self.digest = digest.value
    }

    /// One thing of a kind. Not the same as the name `kind/id`.
    public init(_ kind: String, _ id: UUID) {
        var digest = FNV1a()
        digest.combine(kind.utf8)
        withUnsafeBytes(of: id.uuid) { digest.combine($0) }
        self.digest = digest.value
    }
}

extension Dependency: ExpressibleByStringInterpolation {
    public init(stringLiteral name: String) { self.init(name) }
}

private struct FNV1a {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
}

/// What an answer depends on, or what an event touches.
public enum Dependencies: Sendable, Hashable {
    /// Of an answer: any event that its projections apply may change it. Of an event: it may change any answer.
    case everything
    case only(Set<Dependency>)

    public static let nothing = Dependencies.only([])

    /// Both together.
    public mutating func formUnion(_ other: Dependencies) {
        guard case .only(var mine) = self, case .only(let more) = other else {
            self = .everything
            return
        }
        mine.formUnion(more)
        self = .only(mine)
    }
}

extension Dependencies: ExpressibleByArrayLiteral {
    public init(arrayLiteral dependencies: Dependency...) { self = .only(Set(dependencies)) }
}
