import Leftfold
import Testing

@Suite("Changes of claims")
struct ClaimChangesTests {
    let a = Claim("email", "a")
    let b = Claim("email", "b")
    let c = Claim("login", "a")

    @Test("are the difference, in a fixed order")
    func difference() {
        #expect(ClaimChanges(from: [], to: []) == .none)
        #expect(ClaimChanges(from: [a, c], to: [c, a]) == .none)
        #expect(ClaimChanges(from: [], to: [c, b, a]) == ClaimChanges(released: [], taken: [a, b, c]))
        #expect(ClaimChanges(from: [c, b, a], to: []) == ClaimChanges(released: [a, b, c], taken: []))
        #expect(ClaimChanges(from: [a, c], to: [b, c]) == ClaimChanges(released: [a], taken: [b]))
    }
}
