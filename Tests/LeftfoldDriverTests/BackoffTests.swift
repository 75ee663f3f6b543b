import Testing

@testable import LeftfoldDriver

@Suite struct BackoffTests {
    @Test("Each pause is twice as long as the one before, up to the limit, and the first again after a success")
    func grows() {
        var backoff = Backoff(from: .milliseconds(50), to: .milliseconds(300), jitter: 0)
        let pauses = (0..<5).map { _ in backoff.next() }
        #expect(pauses == [50, 100, 200, 300, 300].map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.next() == .milliseconds(50))
    }

    @Test("No more of a pause is left to chance than was asked for", arguments: [0.5, 1])
    func jitter(_ share: Double) {
        for _ in 0..<1000 {
            var backoff = Backoff(from: .seconds(1), to: .seconds(60), jitter: share)
            #expect((.seconds(1) * (1 - share) ... .seconds(1)).contains(backoff.next()))
            #expect((.seconds(2) * (1 - share) ... .seconds(2)).contains(backoff.next()))
        }
    }
}
