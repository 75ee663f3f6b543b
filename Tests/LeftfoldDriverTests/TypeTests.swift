import Foundation
import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct TypeTests {
    private func same<T: PostgresCodable & Equatable>(
        _ values: [T], _ connection: Connection, sourceLocation: SourceLocation = #_sourceLocation
    )
        async throws
    {
        for value in values {
            #expect(try await connection.value("SELECT \(value)", as: T.self) == value, sourceLocation: sourceLocation)
            #expect(try await connection.value("SELECT \(Optional(value))", as: T?.self) == value, sourceLocation: sourceLocation)
        }
        #expect(try await connection.value("SELECT \(T?.none)", as: T?.self) == nil, sourceLocation: sourceLocation)
        #expect(try await connection.value("SELECT \(values)", as: [T].self) == values, sourceLocation: sourceLocation)
        #expect(try await connection.value("SELECT \([T]())", as: [T].self) == [], sourceLocation: sourceLocation)
        let holes: [T?] = values.flatMap { [$0, nil] }
        #expect(try await connection.value("SELECT \(holes)", as: [T?].self) == holes, sourceLocation: sourceLocation)
    }

    @Test("Values of every type come back as they were")
    func types() async throws {
        let connection = try await TestServer.connect()
        try await same([true, false], connection)
        try await same([Int16.min, -1, 0, 1, .max], connection)
        try await same([Int32.min, -1, 0, 1, .max], connection)
        try await same([Int64.min, -1, 0, 1, .max], connection)
        try await same([Int.min, -1, 0, 1, .max], connection)
        try await same([0, -0.0, 1.5, Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity], connection)
        try await same(["", "a", "ä€😀e\u{301}", "' \" \\ $1 \n\t", String(repeating: "x", count: 100_000)], connection)
        try await same([UUID(), UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))], connection)
        try await same([JSONBytes(Array(#"{"b": 1, "a": [ ]}"#.utf8))], connection)
        try await same([Data(), Data([0, 255, 0]), Data(0...255)], connection)
        let nan = try await connection.value("SELECT \(Double.nan)", as: Double.self)
        #expect(nan.isNaN)
        await connection.close()
    }

    @Test("Dates are exact to the microsecond, and those that cannot be expressed are refused")
    func dates() async throws {
        let connection = try await TestServer.connect()
        for seconds in [0, -1, 1, -978_307_200, 1_700_000_000.123456, -3_000_000_000.5] {
            let date = Date(timeIntervalSinceReferenceDate: (seconds * 1e6).rounded() / 1e6)
            let back: Date = try await connection.value("SELECT \(date)")
            #expect(abs(back.timeIntervalSince(date)) < 0.000_000_5, "\(seconds)")
        }
        let known: Date = try await connection.value("SELECT timestamptz '2024-02-29 12:34:56.789012+02'")
        #expect(abs(known.timeIntervalSince1970 - 1_709_202_896.789012) < 0.000_001)
        let text: String = try await connection.value(
            "SELECT to_char(\(Date(timeIntervalSince1970: 1.000001)) AT TIME ZONE 'UTC', 'SS.US')")
        #expect(text == "01.000001")
        for infinite: SQL in ["SELECT timestamptz 'infinity'", "SELECT timestamptz '-infinity'"] {
            #expect(try await postgresError { _ = try await connection.value(infinite, as: Date.self) }.kind == .decoding)
        }
        for bad in [Date(timeIntervalSinceReferenceDate: .infinity), Date(timeIntervalSinceReferenceDate: .nan), .distantFuture + 1e15] {
            #expect(try await postgresError { try await connection.execute("SELECT \(bad)") }.kind == .encoding)
        }
        #expect(await connection.isUsable)
        await connection.close()
    }

    @Test("Integers widen but never wrap")
    func integers() async throws {
        let connection = try await TestServer.connect()
        #expect(try await connection.value("SELECT 7::smallint", as: Int.self) == 7)
        #expect(try await connection.value("SELECT 7::int", as: Int64.self) == 7)
        #expect(try await connection.value("SELECT 7::bigint", as: Int16.self) == 7)
        #expect(try await connection.value("SELECT 4294967295::oid", as: Int.self) == 4_294_967_295)
        #expect(try await connection.value("SELECT pg_current_xact_id()", as: Int64.self) > 0)
        #expect(try await connection.value("SELECT 1.5::real", as: Double.self) == 1.5)
        for wrong: SQL in ["SELECT 40000", "SELECT 1.5::numeric", "SELECT '1'", "SELECT NULL::int", "SELECT true"] {
            let error = try await postgresError { _ = try await connection.value(wrong, as: Int16.self) }
            #expect(error.kind == .decoding, "\(wrong.text)")
        }
        await connection.close()
    }

    @Test("NUL and invalid UTF-8 are refused in both directions")
    func text() async throws {
        let connection = try await TestServer.connect()
        #expect(try await postgresError { try await connection.execute("SELECT \("a\0b")") }.kind == .encoding)
        #expect(try await postgresError { try await connection.execute(script: "SELECT 1\0; SELECT 2") }.kind == .encoding)
        let raw: SQL = "SELECT \(RawText(bytes: [0x61, 0xFF]))"
        #expect(try await postgresError { try await connection.execute(raw) }.sqlState == .characterNotInRepertoire)
        let zero: SQL = "SELECT \(RawText(bytes: [0x61, 0]))"
        #expect(try await postgresError { try await connection.execute(zero) }.sqlState == .characterNotInRepertoire)
        // A server that stores what it should not: bytes of a name type pass unchecked when the database's encoding is SQL_ASCII; here the
        // result is made by hand.
        let rows = try await connection.execute("SELECT '\\xff41'::bytea AS broken")
        let cell = try #require(rows.first)[0].element(type: PostgresType.text.oid, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(try cell.decode(String.self) == "")
        try [UInt8]([0xFF, 0x41]).withUnsafeBytes { bytes in
            let broken = try rows[0][0].element(type: PostgresType.text.oid, bytes: bytes)
            #expect(throws: PostgresError.self) { try broken.decode(String.self) }
        }
        await connection.close()
    }

    @Test("A malformed array is an error, never a crash")
    func malformed() async throws {
        let connection = try await TestServer.connect()
        let rows = try await connection.execute("SELECT ARRAY[1, 2, 3]::int8[], ARRAY[[1],[2]]")
        #expect(throws: PostgresError.self) { try rows[0][1].decode([Int].self) }
        let sound = try #require(try rows[0][0].bytes)
        for cut in 0..<sound.count {
            let cutShort: [Int]? = sound.prefix(cut).withUnsafeBytes { try? rows[0][0].element(type: 1016, bytes: $0).decode() }
            #expect(cutShort == nil)
        }
        var random = SeededGenerator()
        for _ in 0..<2000 {
            var mangled = sound
            mangled[Int.random(in: 0..<mangled.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = mangled.withUnsafeBytes { bytes in try? rows[0][0].element(type: 1016, bytes: bytes).decode([Int?].self) }
        }
        await connection.close()
    }

    @Test("A type with a raw value is bound and read by that")
    func raw() async throws {
        let connection = try await TestServer.connect()
        #expect(try await connection.value("SELECT \(Colour.green)", as: Colour.self) == .green)
        #expect(try await connection.value("SELECT \([Colour.red, .green])", as: [Colour].self) == [.red, .green])
        #expect(try await postgresError { _ = try await connection.value("SELECT 'blue'::text", as: Colour.self) }.kind == .decoding)
        await connection.close()
    }

    @Test("Rows are read by index and by name; what is not there is an error")
    func rows() async throws {
        let connection = try await TestServer.connect()
        let rows = try await connection.execute("SELECT i AS number, 'n' || i AS label FROM generate_series(1, 3) i")
        #expect(rows.columns == ["number", "label"] && rows.count == 3 && rows.command == "SELECT 3" && rows.affected == 3)
        #expect(try rows.decode(Int.self, String.self).map(\.1) == ["n1", "n2", "n3"])
        #expect(try rows[2]["label"].decode(String.self) == "n3" && rows[2][0].decode(Int32.self) == 3)
        #expect(throws: PostgresError.self) { try rows[0]["Label"] }
        #expect(throws: PostgresError.self) { try rows[0][2] }
        #expect(throws: PostgresError.self) { try rows[0].decode(Int.self) }
        #expect(throws: PostgresError.self) { try rows[0].decode(Int.self, String.self, Int.self) }
        await connection.close()
    }

    /// Random values of all types in one row, many times.
    @Test("Random values of all types in one row come back as they were")
    func random() async throws {
        var random = SeededGenerator()
        let connection = try await TestServer.connect()
        for round in 0..<300 {
            let numbers = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                Bool.random(using: &random) ? Int.random(in: .min ... .max, using: &random) : nil
            }
            let scalars = (0..<Int.random(in: 0...50, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 1...0x10FFFF, using: &random))
            }
            let text = String(String.UnicodeScalarView(scalars))
            let bytes = Data((0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
            let double = Double(bitPattern: random.next())
            let micro = Double(Int64.random(in: -2_000_000_000_000_000...2_000_000_000_000_000, using: &random))
            let date = Date(timeIntervalSinceReferenceDate: micro / 1e6)
            let row = try #require(
                await connection.execute("SELECT \(numbers), \(text), \(bytes), \(double), \(date), \([text, text])").first)
            let back = try row.decode([Int?].self, String.self, Data.self, Double.self, Date.self, [String].self)
            guard back.0 == numbers, Array(back.1.unicodeScalars) == scalars, back.2 == bytes,
                back.3 == double || (back.3.isNaN && double.isNaN),
                (back.4.timeIntervalSinceReferenceDate * 1e6).rounded() == micro, back.5 == [text, text]
            else {
                Issue.record("round \(round), seed \(random.seed)")
                break
            }
        }
        await connection.close()
    }
}

/// Text that Swift's `String` would not let through.
private struct RawText: PostgresEncodable {
    let bytes: [UInt8]
    static var postgresType: PostgresType { .text }
    func encode(into buffer: inout [UInt8]) { buffer += bytes }
}

private enum Colour: String, PostgresCodable { case red, green }
