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
    /// The values of this column, bound as one array.
    func array(of values: [ColumnValue]) throws(RowMismatch) -> SQL {
        switch form {
        case .bool: try bound(values) { value -> Bool? in if case .bool(let value) = value { value } else { nil } }
        case .integer: try bound(values) { value -> Int64? in if case .integer(let value) = value { value } else { nil } }
        case .uuid:
            try bound(values) { value -> UUID? in
                switch value {
                case .uuid(let value): value
                // A field may spell its id itself.
                case .text(let value): UUID(uuidString: value)
                default: nil
                }
            }
        case .date: try bound(values) { value -> Date? in if case .date(let value) = value { value } else { nil } }
        case .json: try bound(values) { value -> JSONBytes? in if case .json(let value) = value { JSONBytes(value) } else { nil } }
        case .double:
            try bound(values) { value -> Double? in
                switch value {
                case .double(let value): value
                case .integer(let value): Double(exactly: value)
                default: nil
                }
            }
        case .text:
            try bound(values) { value -> String? in
                switch value {
                case .text(let value): value
                case .integer(let value): String(value)
                case .double(let value): String(value)
                default: nil
                }
            }
        }
    }

    private func bound<T: PostgresEncodable>(_ values: [ColumnValue], _ read: (ColumnValue) -> T?) throws(RowMismatch) -> SQL {
        var bound: [T?] = []
        bound.reserveCapacity(values.count)
        for value in values {
            guard let fitting = read(value) else {
                guard value == .null else {
                    throw RowMismatch("the column \(name) is \(type); its field is not: \(value) \(form) \(values)")
                }
                bound.append(nil)
                continue
            }
            bound.append(fitting)
        }
        return "\(bound)"
    }
}

/// Rows and table do not go together.
struct RowMismatch: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
