import Foundation
import LeftfoldDriver

/// A column of a table that a fold is kept in.
struct Column: Sendable, Equatable {
    let name: String
    /// As SQL writes it, such as `character varying(20)`.
    let type: String
    let isKey: Bool
    let form: Form

    /// How its values travel.
    enum Form: Sendable { case bool, integer, double, uuid, date, json, text }

    init(name: String, type: String, base: String, isKey: Bool) {
        self.name = name
        self.type = type
        self.isKey = isKey
        form =
            switch base {
            case "boolean": .bool
            case "smallint", "integer", "bigint": .integer
            case "real", "double precision": .double
            case "uuid": .uuid
            case "timestamp with time zone": .date
            case "json", "jsonb": .json
            // And everything else by its text.
            default: .text
            }
    }
}

/// One field of a row.
enum ColumnValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case uuid(UUID)
    case date(Date)
    case json([UInt8])
    case text(String)
}

extension Column {
    /// The values of this column as one array.
    func parameter(_ values: [ColumnValue]) throws(RowMismatch) -> SQL {
        switch form {
        case .bool: bind(try bound(values) { if case .bool(let value) = $0 { value } else { nil } } as [Bool?])
        case .integer: bind(try bound(values) { if case .integer(let value) = $0 { value } else { nil } } as [Int64?])
        case .uuid: bind(try bound(values) { if case .uuid(let value) = $0 { value } else { nil } } as [UUID?])
        case .date: bind(try bound(values) { if case .date(let value) = $0 { value } else { nil } } as [Date?])
        case .json: bind(try bound(values) { if case .json(let value) = $0 { JSONBytes(value) } else { nil } } as [JSONBytes?])
        case .double:
            bind(try bound(values) {
                    switch $0 {
                    case .double(let value): value
                    case .integer(let value): Double(exactly: value)
                    default: nil
                    }
                } as [Double?])
        case .text:
            bind(try bound(values) {
                    switch $0 {
                    case .text(let value): value
                    case .integer(let value): String(value)
                    case .double(let value): String(value)
                    default: nil
                    }
                } as [String?])
        }
    }

    private func bound<T>(_ values: [ColumnValue], _ read: (ColumnValue) -> T?) throws(RowMismatch) -> [T?] {
        var bound: [T?] = []
        bound.reserveCapacity(values.count)
        for value in values {
            guard let fitting = read(value) else {
                guard value == .null else { throw RowMismatch("the column \(name) is \(type); its field is not") }
                bound.append(nil)
                continue
            }
            bound.append(fitting)
        }
        return bound
    }
}

/// Rows and table do not go together.
struct RowMismatch: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

private func bind<T: PostgresEncodable>(_ values: [T?]) -> SQL { "\(values)" }
