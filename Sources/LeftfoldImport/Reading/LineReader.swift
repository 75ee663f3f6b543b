import Crypto

/// Cuts a stream of bytes into lines, or into CSV records, which may span lines. What comes out does not depend on how
/// the bytes were cut into pieces.
struct LineReader {
    /// A longer line is reported, not kept.
    static let maximumBytes = 1 << 20

    private let format: ImportFormat
    private var lines = 0
    private var bytes: [UInt8] = []
    private var excess: Excess?
    private var size = 0
    private var newlines = 0
    private var quoting = Quoting.fieldBegins

    private enum Quoting { case fieldBegins, plain, quoted, quoteInQuotes }

    init(_ format: ImportFormat) { self.format = format }

    mutating func read(_ piece: [UInt8], into lines: inout [RawLine]) {
        var start = 0
        while start < piece.count {
            guard let end = end(in: piece, from: start) else {
                keep(piece[start...])
                return
            }
            keep(piece[start..<end])
            finish(into: &lines, terminator: 1)
            start = end + 1
        }
    }

    /// The file is over. Its last line need not have ended.
    mutating func end(into lines: inout [RawLine]) {
        if size > 0 { finish(into: &lines, terminator: 0) }
    }

    /// Where the line that is being read ends, if it does so in this piece.
    private mutating func end(in piece: [UInt8], from start: Int) -> Int? {
        guard format == .csv else { return piece[start...].firstIndex(of: .newline) }
        for index in start..<piece.count {
            let byte = piece[index]
            if byte == .newline {
                // A quote that was never closed must not swallow the rest of the file.
                let isTooLong = size + index - start > Self.maximumBytes
                guard quoting == .quoted, !isTooLong else { return index }
                newlines += 1
                continue
            }
            quoting =
                switch (quoting, byte) {
                case (.fieldBegins, .quote): .quoted
                case (.quoted, .quote): .quoteInQuotes
                case (.quoted, _): .quoted
                case (.quoteInQuotes, .quote): .quoted
                case (_, .comma): .fieldBegins
                default: .plain
                }
        }
        return nil
    }

    private mutating func keep(_ part: ArraySlice<UInt8>) {
        size += part.count
        if excess == nil {
            // One more than allowed: it may turn out to be the carriage return of the line's end.
            if bytes.count + part.count <= Self.maximumBytes + 1 {
                bytes.append(contentsOf: part)
                return
            }
            excess = Excess()
            excess?.add(bytes[...])
            bytes = []
        }
        excess?.add(part)
    }

    private mutating func finish(into finished: inout [RawLine], terminator: Int) {
        let number = lines + 1
        lines += newlines + 1
        if excess == nil, bytes.last == .carriageReturn { bytes.removeLast() }
        if excess == nil, bytes.count > Self.maximumBytes {
            excess = Excess()
            excess?.add(bytes[...])
        }
        let content: RawLine.Content
        if let excess {
            content = .tooLong(digest: Array(excess.hash.finalize()))
        } else {
            content = .bytes(format == .csv ? bytes.withUnixLineEndings : bytes)
        }
        finished.append(RawLine(number: number, size: size + terminator, content: content))
        (bytes, excess, size, newlines, quoting) = ([], nil, 0, 0, .fieldBegins)
    }
}

/// One line of the file, without its end.
struct RawLine: Sendable, Equatable {
    /// Counted from 1; of a record that spans lines, the first.
    let number: Int
    /// What it takes in the file.
    let size: Int
    var content: Content

    enum Content: Sendable, Equatable {
        case bytes([UInt8])
        case tooLong(digest: [UInt8])
    }
}

/// A line beyond the limit: only its hash is kept, so that the lines after it get the ids they have in any run.
private struct Excess {
    var hash = SHA256()
    private var endsInCarriageReturn = false

    mutating func add(_ part: ArraySlice<UInt8>) {
        guard let last = part.last else { return }
        if endsInCarriageReturn { hash.update(data: [UInt8.carriageReturn]) }
        endsInCarriageReturn = last == .carriageReturn
        hash.update(data: Array(endsInCarriageReturn ? part.dropLast() : part))
    }
}

extension [UInt8] {
    fileprivate var withUnixLineEndings: [UInt8] {
        guard contains(.carriageReturn) else { return self }
        return enumerated().filter { index, byte in
            byte != .carriageReturn || index + 1 == count || self[index + 1] != .newline
        }.map(\.element)
    }

    /// Without the byte order mark that some programs begin a file with.
    var withoutByteOrderMark: [UInt8] { starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self }

    var isBlank: Bool { allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
}

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let quote = UInt8(ascii: "\"")
    static let comma = UInt8(ascii: ",")
    static let backslash = UInt8(ascii: "\\")
}
