import Foundation

/// What is imported: a file of commands, or standard input.
public struct ImportFile: Sendable {
    /// `-` is standard input.
    public let path: String
    public let format: ImportFormat

    /// - Parameter format: nil to go by the file's extension.
    public init(_ path: String, format: ImportFormat? = nil) {
        self.path = path
        self.format = format ?? ImportFormat(ofFile: path)
    }

    /// What people and the journal call it.
    public var name: String { path == "-" ? "standard input" : URL(fileURLWithPath: path).lastPathComponent }

    func open() throws -> FileBytes {
        if path == "-" { return FileBytes(.standardInput, size: nil) }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Unreadable(path: path) }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard attributes[.type] as? FileAttributeType != .typeDirectory else { throw Unreadable(path: path) }
        let isRegular = attributes[.type] as? FileAttributeType == .typeRegular
        return FileBytes(handle, size: isRegular ? attributes[.size] as? Int : nil)
    }

    /// The file cannot be opened.
    public struct Unreadable: Error, CustomStringConvertible {
        public let path: String
        public var description: String { "the file cannot be read: \(path)" }
    }
}

/// How the commands are written down.
public enum ImportFormat: String, Sendable, CaseIterable {
    /// JSON Lines: one object a line, `{"command":"CreateUser","id":"…",…}`.
    case jsonl
    /// RFC 4180, with a header.
    case csv

    init(ofFile path: String) { self = path.lowercased().hasSuffix(".csv") ? .csv : .jsonl }
}
