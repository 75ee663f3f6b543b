import Leftfold
import Testing

@Suite("Positions")
struct GlobalPositionTests {
    @Test("have one after them, whatever number somebody gave")
    func next() {
        #expect(GlobalPosition.zero.next == 1)
        #expect(GlobalPosition(rawValue: .max).next == GlobalPosition(rawValue: .max))
    }
}
