import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldImport

@Suite("Cutting a file into lines")
struct LineReaderTests {
    private func lines(_ text: String, _ format: ImportFormat, pieces: Int = .max) -> [String] {
        var reader = LineReader(format)
        var lines: [RawLine] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            reader.read(Array(rest.prefix(pieces)), into: &lines)
            rest = rest.dropFirst(pieces)
        }
        reader.end(into: &lines)
        return lines.map { line in
            switch line.content {
            case .bytes(let bytes): "\(line.number):\(String(decoding: bytes, as: UTF8.self))"
            case .tooLong: "\(line.number):too long"
            }
        }
    }

    @Test("at any line ending, wherever the pieces end", arguments: [1, 2, 3, 5, 1000])
    func endings(pieces: Int) {
        #expect(lines("a\nb\r\n\r\n\nc", .jsonl, pieces: pieces) == ["1:a", "2:b", "3:", "4:", "5:c"])
        #expect(lines("a\rb\r\r\n", .jsonl, pieces: pieces) == ["1:a\rb\r"])
        #expect(
            lines("a,\"b\r\nc\"\r\nd,\"\"\"\n\"\ne\"f\ng", .csv, pieces: pieces) == ["1:a,\"b\nc\"", "3:d,\"\"\"\n\"", "5:e\"f", "6:g"])
    }

    @Test("the size of all lines is the size of the file")
    func sizes() {
        let text = "a\r\n\nbcd\r\n\"e"
        var reader = LineReader(.csv)
        var lines: [RawLine] = []
        reader.read(Array(text.utf8), into: &lines)
        reader.end(into: &lines)
        #expect(lines.map(\.size).reduce(0, +) == text.utf8.count)
    }

    @Test("a line of 1 MiB is kept; a longer one is told by its hash, the same for either line ending and any pieces")
    func limit() {
        let full = String(repeating: "x", count: LineReader.maximumBytes)
        #expect(lines("\(full)\r\n\(full)y\nz", .jsonl).map { $0.prefix(10) } == ["1:xxxxxxxx", "2:too long", "3:z"])
        func content(_ text: String, pieces: Int) -> [RawLine.Content] {
            var reader = LineReader(.jsonl)
            var lines: [RawLine] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                reader.read(Array(rest.prefix(pieces)), into: &lines)
                rest = rest.dropFirst(pieces)
            }
            reader.end(into: &lines)
            return lines.map(\.content)
        }
        let long = full + "\ry"
        let expected = content("\(long)\n", pieces: .max)
        #expect(content("\(long)\r\n", pieces: 1000) == expected)
        #expect(content("\(long)\r\n", pieces: LineReader.maximumBytes + 1) == expected)
        #expect(content("\(long)", pieces: LineReader.maximumBytes + 2) == expected)
    }

    @Test("a quote that is never closed does not swallow the file", arguments: [1 << 10, 1 << 18, 1 << 22])
    func unclosed(pieces: Int) {
        let row = String(repeating: "a", count: 99) + "\n"
        let text = "\"" + String(repeating: row, count: 20_000)
        let found = lines(text, .csv, pieces: pieces)
        #expect(found.first == "1:too long")
        #expect(found.last == "20000:" + row.dropLast())
        #expect(found.count == 20_000 - (1 << 20) / 100)
    }
}

@Suite("CSV")
struct CSVTests {
    static let good: [(record: String, fields: [String])] = [
        ("", [""]), ("a", ["a"]), ("a,b", ["a", "b"]), (",", ["", ""]), ("a,", ["a", ""]), (",,a", ["", "", "a"]),
        ("\"\"", [""]), (#""a,b",c"#, ["a,b", "c"]), (#""a""b""#, [#"a"b"#]), ("\"\"\"\"", ["\""]),
        ("\"a\nb\",c", ["a\nb", "c"]), (" a , b ", [" a ", " b "]), ("Zoë,\"名, 前\"", ["Zoë", "名, 前"]),
    ]

    @Test("is read as RFC 4180 says", arguments: good)
    func read(record: String, fields: [String]) throws {
        #expect(try CSVRecord.fields(of: Array(record.utf8)) == fields)
    }

    @Test("is refused where it is not", arguments: ["\"", "a,\"b", "a\"b", "\"a\"b", "\"a\" ,b"])
    func refused(record: String) {
        #expect { try CSVRecord.fields(of: Array(record.utf8)) } throws: { ($0 as? MalformedInput)?.code == "malformed_csv" }
        #expect(throws: MalformedInput.self) { try CSVRecord.fields(of: [0x61, 0xFF]) }
    }

    private func importer(_ store: InMemoryEventStore) -> Importer {
        var importer = Importer.test(on: store)
        importer.csv = { $0["id"] == "skip" ? nil : ("CreateUser", $0) }
        return importer
    }

    @Test("is imported; a record that is wrong is told by the line where it begins")
    func imported() async throws {
        let (a, b, c) = (UUID(), UUID(), UUID())
        let text =
            "\u{FEFF}id,email,name\r\n\(a),a@example.org,\"Ada,\r\n \"\"A\"\"\"\r\n\r\n\(b),b@example.org\r\nskip,,\r\n\(b),b@example.org,B\r\n\(c),nobody,C\r\n\"x"
        let store = InMemoryEventStore()
        let (result, problems) = try await importer(store).importing(text, format: .csv)
        #expect(result.accepted == 2)
        #expect(
            problems.map { "\($0.line) \($0.code)" } == [
                "5 wrong_field_count", "6 no_command", "8 validation_failed", "9 malformed_csv",
            ])
        let events = try await store.read(StreamID<User>(a).name)
        #expect(String(decoding: events[0].data, as: UTF8.self).contains(#"Ada, \"A\""#))
    }

    @Test("with other line endings is the same import")
    func lineEndings() async throws {
        let text = "id,email,name\r\n\(UUID()),a@example.org,\"Ada\r\nB\"\r\n"
        let store = InMemoryEventStore()
        _ = try await importer(store).importing(text, format: .csv)
        let (result, _) = try await importer(store).importing(text.replacingOccurrences(of: "\r\n", with: "\n"), format: .csv)
        #expect((result.accepted, result.repeated) == (1, 1))
    }

    @Test(
        "needs a header, which is told from the only record and from lines that end with CR alone",
        arguments: [
            "", "a,,b\n", "a,a\n", "a@example.org,Ada", "\(UUID()),a@example.org,Ada\n", "\u{FEFF}id;email;name\r\n",
            "id,email,name\r\(UUID()),a@example.org,Ada\r",
        ])
    func header(text: String) async throws {
        await #expect(throws: (any Error).self) { try await importer(InMemoryEventStore()).importing(text, format: .csv) }
    }

    @Test("is told by the extension", arguments: [("a.csv", ImportFormat.csv), ("A.CSV", .csv), ("a.jsonl", .jsonl), ("-", .jsonl)])
    func format(path: String, format: ImportFormat) { #expect(ImportFile(path).format == format) }
}

@Suite("Ids of lines")
struct LineIDTests {
    private func ids(_ lines: [String], format: ImportFormat = .jsonl, label: String? = nil) -> [String] {
        var ids = LineIDs(format: format, label: label)
        return lines.map { ids.next(.bytes(Array($0.utf8))).uuidString.lowercased() }
    }

    @Test("never change: these are in journals")
    func golden() {
        #expect(
            ids(["a", "b", "b"]) == [
                "1c394087-5566-8c00-a351-dfe1d97d7273", "fd29b5ca-00f8-8c1c-a4bc-bfec6cba0c97", "8a1ec4b4-6a6c-869b-84ca-75d7ba9943fe",
            ])
        #expect(ids(["a"], label: "again") == ["3201b1d2-00b5-8642-8269-9fbda0e1f25b"])
    }

    @Test("depend on all lines before, on the label and on the format; they are UUIDs of version 8")
    func chain() {
        #expect(Set(ids(["a", "a", "a"])).count == 3)
        #expect(ids(["a", "b", "c"]).prefix(2) == ids(["a", "b"])[...])
        #expect(ids(["x", "b"])[1] != ids(["a", "b"])[1])
        #expect(ids(["a"]) != ids(["a"], label: "x"))
        #expect(ids(["a"]) != ids(["a"], format: .csv))
        #expect(ids((0..<50).map(String.init)).allSatisfy { Array($0)[14] == "8" && "89ab".contains(Array($0)[19]) })
    }

    @Test("a file and the same with CRLF and a byte order mark have the same ids")
    func lineEndings() async throws {
        var random = SeededGenerator(seed: 1)
        let file = SmallWorld.file(lines: 20, &random)
        let plain = try await SmallWorld.lines(file)
        let windows = try await SmallWorld.lines(file.enumerated().map { ($0 == 0 ? "\u{FEFF}" : "") + $1 + "\r" })
        #expect(plain.map(\.id) == windows.map(\.id))
    }
}
