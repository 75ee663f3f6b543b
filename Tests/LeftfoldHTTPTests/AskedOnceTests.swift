import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldHTTP

@Suite("A question that strangers may ask")
struct AskedOnceTests {
    private final class Source: Sendable {
        let asked = Mutex(0)
        var count: Int { asked.withLock { $0 } }
    }

    @Test("is asked once for all who ask at once, and for those who ask soon after")
    func once() async throws {
        let (source, gate) = (Source(), AsyncStream.makeStream(of: Void.self))
        let question = AskedOnce(for: .seconds(600)) {
            let number = source.asked.withLock { asked in
                asked += 1
                return asked
            }
            for await _ in gate.stream {}
            return number
        }
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { await question.answer() } }
            gate.continuation.finish()
            for await answer in group { #expect(answer == 1) }
        }
        #expect(await question.answer() == 1)
        #expect(source.count == 1)
    }

    @Test("is asked again when its answer is old")
    func again() async throws {
        let source = Source()
        let question = AskedOnce(for: .zero) {
            source.asked.withLock { asked in
                asked += 1
                return asked
            }
        }
        #expect(await question.answer() == 1)
        #expect(await question.answer() == 2)
    }
}
