import Foundation
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer, .serialized) struct StreamAndCopyTests {
    private var residentKilobytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    @Test("A stream of many rows needs little memory")
    func memory() async throws {
        let connection = try await TestServer.connect()
        var (count, bytes) = (0, 0)
        let before = residentKilobytes
        var peak = before
        weak var earlier: Rows?
        try await connection.stream("SELECT i, repeat('x', 3000) FROM generate_series(1, \(300_000)) i") { row in
            let (number, text) = try row.decode(Int.self, String.self)
            count += 1
            bytes += text.utf8.count
            guard number % 10_000 == 0 else { return }
            peak = max(peak, residentKilobytes)
            #expect(earlier == nil, "a result read long ago is still in memory")
            earlier = row.rows
        }
        #expect(count == 300_000 && bytes == 900_000_000)
        #expect(peak - before < 600_000, "900 MB went through; other tests run beside us")
        #expect(try await connection.value("SELECT 1", as: Int.self) == 1)
        await connection.close()
    }

    @Test("An error in the middle of a stream comes after the rows before it")
    func middle() async throws {
        let connection = try await TestServer.connect()
        var count = 0
        let error = try await postgresError {
            try await connection.stream("SELECT 1 / (1000 - i) FROM generate_series(1, 2000) i") { _ in count += 1 }
        }
        #expect(error.sqlState == SQLState("22012") && count == 999)
        try await connection.stream("SELECT 1 WHERE false") { _ in count += 1 }
        #expect(count == 999)
        #expect(try await connection.value("SELECT 1", as: Int.self) == 1)
        let syntax = try await postgresError { try await connection.stream("SELEC") { _ in } }
        #expect(syntax.sqlState == .syntaxError)
        #expect(await connection.isUsable)
        await connection.close()
    }

    /// libpq's row-by-row mode outlasts the stream when a pipeline follows.
    @Test("What follows a stream comes whole, not row by row")
    func following() async throws {
        let connection = try await TestServer.connect()
        let many: SQL = "SELECT generate_series(1, 10)"
        for following in 0..<3 {
            try await connection.stream(many) { _ in }
            switch following {
            case 0: #expect(try await connection.pipeline([many, many]).map(\.count) == [10, 10])
            case 1: #expect(try await connection.execute("SELECT generate_series(1, 11)").count == 11, "prepared in a pipeline")
            default: #expect(try await connection.execute(many).count == 10)
            }
        }
        try await connection.transaction { connection in
            try await connection.stream(many) { _ in }
            let error = try await postgresError { try await connection.pipeline(["SELECT 1 / 0", many]) }
            #expect(error.statementIndex == 0)
            try await connection.execute(script: "ROLLBACK; BEGIN")
        }
        #expect(try await connection.pipeline([many]).map(\.count) == [10])
        await connection.close()
    }

    @Test("A stream whose reader throws ends its connection")
    func throwing() async throws {
        struct Enough: Error {}
        let connection = try await TestServer.connect()
        await #expect(throws: Enough.self) {
            try await connection.stream("SELECT generate_series(1, 100000000)") { _ in throw Enough() }
        }
        #expect(await !connection.isUsable)
    }

    @Test("A connection is busy while it streams")
    func busy() async throws {
        let connection = try await TestServer.connect()
        try await connection.stream("SELECT 1") { _ in
            let error = try await postgresError { try await connection.execute("SELECT 2") }
            #expect(error.kind == .misuse)
        }
        #expect(try await connection.value("SELECT 3", as: Int.self) == 3)
        await connection.close()
    }

    @Test("A copy goes in and comes out whole")
    func copy() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id int, label text)")
        let written = try await connection.copyIn("COPY t FROM STDIN") { writer in
            for start in stride(from: 0, to: 100_000, by: 1000) {
                try await writer.write((start..<start + 1000).map { "\($0)\tlabel \($0)\n" }.joined())
            }
        }
        #expect(written == 100_000)
        var out: [UInt8] = []
        let read = try await connection.copyOut("COPY (SELECT * FROM t ORDER BY id) TO STDOUT") { piece in
            #expect(piece.last == UInt8(ascii: "\n") && piece.count < 200_000)
            out += piece
        }
        #expect(read == 100_000 && out.starts(with: Array("0\tlabel 0\n1\tlabel 1\n".utf8)))
        #expect(out.count(where: { $0 == UInt8(ascii: "\n") }) == 100_000)
        #expect(try await connection.copyIn("COPY t FROM STDIN") { _ in } == 0)
        await connection.close()
    }

    @Test("A copy that fails leaves nothing behind")
    func failedCopy() async throws {
        struct Enough: Error {}
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id int)")
        await #expect(throws: Enough.self) {
            _ = try await connection.copyIn("COPY t FROM STDIN") { writer in
                try await writer.write("1\n2\n")
                throw Enough()
            }
        }
        let bad = try await postgresError {
            _ = try await connection.copyIn("COPY t FROM STDIN") { try await $0.write("1\nx\n") }
        }
        #expect(bad.sqlState == .invalidTextRepresentation)
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 0)
        let missing = try await postgresError { _ = try await connection.copyIn("COPY nowhere FROM STDIN") { _ in } }
        #expect(missing.sqlState == .undefinedTable)
        var kept: CopyWriter?
        _ = try await connection.copyIn("COPY t FROM STDIN") { kept = $0 }
        let late = try #require(kept)
        #expect(try await postgresError { try await late.write("3\n") }.kind == .misuse)
        #expect(await connection.isUsable)
        await #expect(throws: Enough.self) {
            try await connection.copyOut("COPY (SELECT generate_series(1, 1000000)) TO STDOUT") { _ in throw Enough() }
        }
        #expect(await !connection.isUsable)
    }
}
