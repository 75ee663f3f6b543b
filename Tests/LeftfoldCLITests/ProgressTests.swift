import LeftfoldTesting
import Testing

@testable import LeftfoldCLI

@Suite("Progress")
struct ProgressTests {
    static let lines: [(amount: ProgressAmount, seconds: Double, columns: Int?, text: String)] = [
        (.init(done: 0, total: nil), 0, nil, "import: 0 lines, 0/s, 0.0 s"),
        (.init(done: 1234, total: nil), 2, nil, "import: 1,234 lines, 617/s, 2.0 s"),
        (.init(done: 250_000, total: 1_000_000), 10, nil, "import: 25 %, 250,000 of 1,000,000 lines, 25,000/s, 30 s left"),
        (.init(done: 10, total: nil, fraction: 0.5), 400, nil, "import: 50 %, 10 lines, 0.0/s, 6 min 40 s left"),
        (.init(done: 10, total: 10), 7300, nil, "import: 100 %, 10 of 10 lines, 0.0/s, 2 h 01 min"),
        (.init(done: 0, total: 0), 0.04, nil, "import: 100 %, 0 of 0 lines, 0/s, 0.0 s"),
        (.init(done: 20, total: 10), 1, nil, "import: 100 %, 20 of 10 lines, 20/s, 1.0 s"),
        (.init(done: 50, total: 100), 10, 80, "import [===============               ] 50 %, 50 of 100 lines, 5.0/s, 10 s left"),
        (.init(done: 50, total: 100), 10, 60, "import [=====     ] 50 %, 50 of 100 lines, 5.0/s, 10 s left"),
        (.init(done: 50, total: 100), 10, 30, "import 50 %, 50 of 100 lines,"),
        (.init(done: 50, total: nil), 10, 80, "import 50 lines, 5.0/s, 10 s"),
    ]

    @Test("is told in one line", arguments: lines)
    func line(amount: ProgressAmount, seconds: Double, columns: Int?, text: String) {
        let line = ProgressLine(title: "import", unit: "lines", columns: columns).text(amount, after: .seconds(seconds))
        #expect(line == text)
        if let columns { #expect(line.count < columns) }
    }

    @Test("on a terminal one line is drawn anew, at most ten times a second, and never torn")
    func terminal() {
        let now = Shared(Duration.zero)
        let screen = Shared("")
        let progress = ProgressDisplay("import", unit: "lines", columns: 80, now: { now.value }) { text in screen.withLock { $0 += text } }
        for step in 0...25 {
            now.withLock { $0 = .milliseconds(step * 10) }
            progress.update(done: Int64(step))
        }
        progress.note("line 3: no")
        progress.finish()
        progress.finish()
        let clear = "\r\u{1B}[K"
        #expect(
            screen.value == """
                \(clear)import 0 lines, 0/s, 0.0 s\(clear)import 10 lines, 100/s, 0.1 s\(clear)import 20 lines, 100/s, 0.2 s\
                \(clear)line 3: no
                \(clear)import 25 lines, 100/s, 0.3 s\(clear)import 25 lines, 100/s, 0.3 s

                """)
    }

    @Test("elsewhere a line every other second, the first and the last")
    func elsewhere() {
        let now = Shared(Duration.zero)
        let log = Shared("")
        let progress = ProgressDisplay("import", unit: "lines", columns: nil, now: { now.value }) { text in log.withLock { $0 += text } }
        for second in 0...5 {
            now.withLock { $0 = .seconds(second) }
            progress.update(done: Int64(second), total: 10)
        }
        progress.note("a note")
        progress.finish()
        #expect(
            log.value == """
                import: 0 %, 0 of 10 lines, 0/s, 0.0 s
                import: 20 %, 2 of 10 lines, 1.0/s, 8.0 s left
                import: 40 %, 4 of 10 lines, 1.0/s, 6.0 s left
                a note
                import: 50 %, 5 of 10 lines, 1.0/s, 5.0 s left

                """)
    }

    @Test("nothing is shown where nothing was told")
    func nothing() {
        let log = Shared("")
        ProgressDisplay("import", unit: "lines", columns: 80, now: { .zero }) { text in log.withLock { $0 += text } }.finish()
        #expect(log.value == "")
    }
}
