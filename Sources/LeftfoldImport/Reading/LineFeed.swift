import Leftfold

/// The lines of the file, a chunk at a time. It holds one chunk and one piece of the file.
actor LineFeed {
    static let linesPerChunk = 512
    static let bytesPerChunk = 4 << 20

    private let source: any ByteSource
    private let decoder: LineDecoder
    private let format: ImportFormat
    private var reader: LineReader
    private var ids: LineIDs
    private var header: [String]?
    private var hasRecords = false
    private var raw: [RawLine] = []
    private var taken = 0
    private var isFirst = true
    private var isAtEnd = false

    init(_ source: any ByteSource, format: ImportFormat, label: String?, decoder: LineDecoder) {
        self.source = source
        self.decoder = decoder
        self.format = format
        reader = LineReader(format)
        ids = LineIDs(format: format, label: label)
    }

    struct Chunk: Sendable {
        var lines: [ImportLine] = []
        var isLast = false
    }

    /// What is there by now; empty where the writer of a pipe is slow.
    func next() async throws -> Chunk {
        while raw.count - taken < Self.linesPerChunk, !isAtEnd {
            switch try await source.read() {
            case .bytes(let bytes): reader.read(bytes, into: &raw)
            case .nothingYet: return try chunk()
            case .end:
                reader.end(into: &raw)
                isAtEnd = true
                if format == .csv, isFirst, raw.isEmpty { throw NoHeader() }
            }
        }
        return try chunk()
    }

    private func chunk() throws -> Chunk {
        var chunk = Chunk()
        var bytes = 0
        while taken < raw.count, chunk.lines.count < Self.linesPerChunk, bytes < Self.bytesPerChunk {
            let line = raw[taken]
            taken += 1
            bytes += line.size
            if let line = try decode(line) { chunk.lines.append(line) }
        }
        if taken == raw.count || taken > 10_000 {
            raw.removeFirst(taken)
            taken = 0
        }
        chunk.isLast = isAtEnd && raw.isEmpty
        // A file without a header has its only record there: nothing would be done, and nothing refused.
        if chunk.isLast, !hasRecords, let header, !decoder.knows(header) { throw NoHeader() }
        return chunk
    }

    /// Nil for a blank line and for the header.
    private func decode(_ line: RawLine) throws -> ImportLine? {
        var line = line
        if case .bytes(let bytes) = line.content {
            if isFirst { line.content = .bytes(bytes.withoutByteOrderMark) }
            if bytes.isBlank, header?.count != 1 { return nil }
        }
        if isFirst, format == .csv {
            guard case .bytes(let bytes) = line.content else { throw NoHeader() }
            guard !bytes.contains(.carriageReturn) else { throw LinesEndWithCR() }
            header = try CSVRecord.header(bytes)
            isFirst = false
            _ = ids.next(line.content)
            return nil
        }
        isFirst = false
        hasRecords = true
        return ImportLine(
            number: line.number, size: line.size, id: ids.next(line.content),
            content: decoder.decode(line.content, header: header))
    }

    /// A CSV file as old Macs wrote it: all of it would be its header.
    struct LinesEndWithCR: Error, CustomStringConvertible {
        var description: String { "the lines of the CSV file end with CR alone; save it with LF or CRLF" }
    }

    /// A CSV file that does not begin with the names of its fields.
    struct NoHeader: Error, CustomStringConvertible {
        var description: String { "the CSV file has no header: its first record must name the fields" }
    }
}
