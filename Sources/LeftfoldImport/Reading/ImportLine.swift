import Foundation
import Leftfold

/// A line with its id and the command it stands for.
struct ImportLine: Sendable {
    /// Where it begins in the file.
    let number: Int
    let size: Int
    let id: UUID
    let content: Content

    enum Content: Sendable {
        case command(any Command)
        /// There is no command in it. Its refusal goes on record as any other (I8).
        case refused(any Refusal, named: String, bytes: [UInt8])
    }

    /// The streams that its command names. Nil where there is no command; none where it is decided on a query.
    var streams: [StreamName]? {
        func streams(of command: some Command) -> [StreamName] { command.normalized().target.streams }
        return if case .command(let command) = content { streams(of: command) } else { nil }
    }
}

/// Makes lines of raw lines.
struct LineDecoder: Sendable {
    /// In the journal, a line whose command is unknown.
    static let unknownName = "import"

    let commands: CommandBus
    let mapping: CSVMapping

    func decode(_ content: RawLine.Content, header: [String]?) -> ImportLine.Content {
        guard case .bytes(let bytes) = content else {
            let digest: [UInt8] = if case .tooLong(let digest) = content { digest } else { [] }
            return .refused(
                MalformedInput(code: "line_too_long", "The line is longer than \(LineReader.maximumBytes) bytes."),
                named: Self.unknownName, bytes: digest)
        }
        var named = Self.unknownName
        do {
            let (name, json) = try header.map { try split(bytes, under: $0) } ?? JSONLine.split(bytes)
            named = name
            return .command(try commands.decode(named: name, json: json))
        } catch let refusal as any Refusal {
            return .refused(refusal, named: named, bytes: bytes)
        } catch {
            return .refused(MalformedInput("The line cannot be read."), named: named, bytes: bytes)
        }
    }

    /// Whether a record under this header can stand for a command, as far as its names tell.
    func knows(_ header: [String]) -> Bool {
        guard let (name, fields) = mapping(Dictionary(header.map { ($0, "") }) { first, _ in first }) else { return false }
        do {
            _ = try commands.decode(named: name, json: try StrictJSON.encode(fields))
            return true
        } catch let refusal as any Refusal {
            return !["unknown_field", "unknown_command"].contains(refusal.code)
        } catch {
            return true
        }
    }

    private func split(_ record: [UInt8], under header: [String]) throws -> (name: String, json: [UInt8]) {
        guard let (name, fields) = mapping(try CSVRecord.fields(of: record, under: header)) else {
            throw MalformedInput(code: "no_command", "The record does not stand for a command.")
        }
        return (name, try StrictJSON.encode(fields))
    }
}
