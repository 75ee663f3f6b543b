import Foundation
import LeftfoldDriver

/// A column of a table that a fold is kept in.
struct Column: Sendable, Equatable {
    let name: String
    /// As SQL writes it, such as `character varying(20)`.
    let type: String
    /// Without its limits; of a domain the type below it.
    let base: String
    let isKey: Bool
    let form: Form

    /// How its values travel.
    enum Form: Sendable { case bool, integer, double, uuid, date, json, text }

    init(name: String, type: String, base: String, isKey: Bool) {
        self.name = name
        self.type = type
        self.base = base
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
        case .uuid: try bound(values) { value -> UUID? in if case .uuid(let value) = value { value } else { nil } }
        case .date: try bound(values) { value -> Date? in if case .date(let value) = value { value } else { nil } }
        case .json: try bound(values) { value -> JSONBytes? in if case .json(let value) = value { JSONBytes(value) } else { nil } }
        case .double: try bound(values) { value -> Double? in if case .double(let value) = value { value } else { nil } }
        case .text: try bound(values) { value -> String? in if case .text(let value) = value { value } else { nil } }
        }
    }

    private func bound<T: PostgresEncodable>(_ values: [ColumnValue], _ read: (ColumnValue) -> T?) throws(RowMismatch) -> SQL {
        var bound: [T?] = []
        bound.reserveCapacity(values.count)
        for value in values { bound.append(read(try fitting(value))) }
        return "\(bound)"
    }

    /// The value in the form of this column, or null. Throws where it has none.
    func fitting(_ value: ColumnValue) throws(RowMismatch) -> ColumnValue {
        switch (form, value) {
        case (_, .null), (.bool, .bool), (.integer, .integer), (.double, .double), (.uuid, .uuid), (.date, .date), (.json, .json),
            (.text, .text):
            return value
        case (.double, .integer(let number)):
            if let number = Double(exactly: number) { return .double(number) }
        // A field may spell its id itself.
        case (.uuid, .text(let text)):
            if let id = UUID(uuidString: text) { return .uuid(id) }
        case (.text, .integer(let number)): return .text(String(number))
        case (.text, .double(let number)): return .text(String(number))
        default: break
        }
        throw RowMismatch("the column \(name) is \(type); its field is not: \(value)")
    }
}

/// Rows and table do not go together.
struct RowMismatch: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
