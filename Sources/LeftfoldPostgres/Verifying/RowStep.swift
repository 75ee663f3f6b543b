public import Foundation
public import Leftfold

/// An event, by what finds it in the log.
public struct EventReference: Sendable, Codable, Equatable {
    public var position: GlobalPosition
    public var stream: String
    public var version: StreamVersion
    public var type: String
    public var recordedAt: Date

    enum CodingKeys: String, CodingKey {
        case position, stream, version, type
        case recordedAt = "recorded_at"
    }
}

/// An event that did something to a row, and the row after it.
public struct RowStep: Sendable, Codable, Equatable {
    public var event: EventReference
    /// Nil where there is none any more.
    public var row: RawJSON?
}

/// A column of a key and its value, as PostgreSQL spells it.
public struct KeyField: Sendable, Codable, Equatable, CustomStringConvertible {
    public var column: String
    public var value: String
    public var description: String { "\(column)=\(value)" }
}

extension RowKey {
    func fields(_ values: [String]) -> [KeyField] { zip(columns, values).map { KeyField(column: $0.name, value: $1) } }
}
