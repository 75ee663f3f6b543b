import Dispatch
import Foundation
import Logging
import Synchronization
import Testing

@testable import LeftfoldService

@Suite("Logs as JSON")
struct JSONLogTests {
    private func line(_ log: (Logger) -> Void) throws -> [String: Any] {
        let written = Mutex<[UInt8]>([])
        var logger = Logger(label: "bank") { label in
            LineLogHandler(label: label, form: JSONLogLine.init) { line in written.withLock { $0 += line } }
        }
        logger.logLevel = .debug
        logger[metadataKey: "process"] = "7"
        log(logger)
        let bytes = written.withLock { $0 }
        #expect(bytes.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(bytes.last == UInt8(ascii: "\n"))
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test("are one object a line, whatever is in them")
    func object() throws {
        let line = try line { logger in
            logger.warning(
                "two\nlines, “quotes” and \u{1B}[2J", metadata: ["a\"b": ["x", ["y": "z"]], "n": "\(7)", "process": "8"])
        }
        #expect(line["level"] as? String == "warning")
        #expect(line["label"] as? String == "bank")
        #expect(line["message"] as? String == "two\nlines, “quotes” and \u{1B}[2J")
        let metadata = try #require(line["metadata"] as? [String: Any])
        #expect(metadata["process"] as? String == "8")
        #expect(metadata["n"] as? String == "7")
        #expect((metadata["a\"b"] as? [Any])?.first as? String == "x")
        let time = try #require(line["timestamp"] as? String)
        #expect(abs(try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(time).timeIntervalSinceNow) < 60)
    }

    @Test("have no metadata where there is none, and an error where there is one")
    func bare() throws {
        var line = try line { logger in logger.info("up") }
        #expect((line["metadata"] as? [String: Any])?.count == 1)
        line = try self.line { logger in logger.error("down", error: Misconfigured("no disk")) }
        #expect((line["metadata"] as? [String: Any])?["error"] as? String == "no disk")
    }
}

@Suite("Logs as text")
struct TextLogTests {
    @Test("are one line each: what strangers sent can neither break it nor turn it around")
    func line() throws {
        let written = Mutex("")
        let logger = Logger(label: "bank") { label in
            LineLogHandler(label: label, form: TextLogLine.init) { line in written.withLock { $0 += String(decoding: line, as: UTF8.self) }
            }
        }
        logger.info("up\nERROR\u{1B}[2J\u{202E}x\u{2028}", metadata: ["name": "王\u{7}", "a": "b"])
        let text = written.withLock { $0 }
        #expect(text.dropFirst(24) == " info bank: a=b name=王\\u{7} [LeftfoldServiceTests] up\\u{a}ERROR\\u{1b}[2J\\u{202e}x\\u{2028}\n")
    }
}

@Suite("The output of logs")
struct LogOutputTests {
    @Test("never waits for a reader, drops what is too much, and says how much")
    func unread() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 100_000)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 999) + [UInt8(ascii: "\n")]
        let start = ContinuousClock.now
        for _ in 0..<1000 { output.write(line) }
        #expect(!output.flush(within: .milliseconds(50)))
        #expect(ContinuousClock.now - start < .seconds(5))

        // Somebody reads again. What was waiting comes, then the number of those that are missing.
        let read = Mutex("")
        let reader = DispatchQueue(label: "reader")
        reader.async {
            while !read.withLock({ $0.hasSuffix("the end\n") }) {
                let data = pipe.fileHandleForReading.availableData
                read.withLock { $0 += String(decoding: data, as: UTF8.self) }
            }
        }
        #expect(output.flush(within: .seconds(20)))
        output.deliver("the end\n")
        reader.sync {}
        let text = read.withLock { $0 }
        let lines = text.split(separator: "\n")
        #expect(lines.last == "the end")
        // More than once, where the writer got its turn in between.
        let dropped = lines.compactMap { $0.firstMatch(of: /^(\d+) lines were dropped here/) }.compactMap { Int($0.output.1) }.reduce(0, +)
        #expect(lines.filter { $0.hasPrefix("xxx") }.count + dropped == 1000)
        #expect(dropped > 500)
    }

    @Test("does not mind that nobody is there any more")
    func gone() throws {
        let pipe = Pipe()
        signal(SIGPIPE, SIG_IGN)
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        try pipe.fileHandleForReading.close()
        for _ in 0..<1000 { output.write("line\n") }
        #expect(output.flush(within: .seconds(10)))
    }
}
