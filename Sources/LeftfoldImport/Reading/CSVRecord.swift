import Leftfold

/// From a record's fields by name to a command's name and its JSON's fields; nil where it stands for none.
public typealias CSVMapping = @Sendable ([String: String]) -> (name: String, fields: [String: String])?

/// One record of RFC 4180.
enum CSVRecord {
    static func fields(of record: [UInt8]) throws(MalformedInput) -> [String] {
        var fields: [String] = []
        var index = 0
        while true {
            var field: [UInt8] = []
            if index < record.count, record[index] == .quote {
                index += 1
                while true {
                    guard index < record.count else { throw MalformedInput(code: "malformed_csv", "A quote is opened and never closed.") }
                    if record[index] == .quote {
                        index += 1
                        guard index < record.count, record[index] == .quote else { break }
                    }
                    field.append(record[index])
                    index += 1
                }
                guard index == record.count || record[index] == .comma else {
                    throw MalformedInput(code: "malformed_csv", "Something follows a closing quote.")
                }
            } else {
                let end = record[index...].firstIndex(of: .comma) ?? record.count
                field = Array(record[index..<end])
                guard !field.contains(.quote) else {
                    throw MalformedInput(code: "malformed_csv", "There is a quote in a field that does not begin with one.")
                }
                index = end
            }
            guard let text = String(validating: field, as: UTF8.self) else {
                throw MalformedInput(code: "malformed_csv", "The record is not UTF-8.")
            }
            fields.append(text)
            if index == record.count { return fields }
            index += 1
        }
    }

    /// The record under the names of the header.
    static func fields(of record: [UInt8], under header: [String]) throws(MalformedInput) -> [String: String] {
        let fields = try fields(of: record)
        guard fields.count == header.count else {
            throw MalformedInput(
                code: "wrong_field_count", "The number of fields is \(fields.count), but the header's is \(header.count).")
        }
        return Dictionary(zip(header, fields)) { first, _ in first }
    }

    /// The names in the header: not empty, none twice.
    static func header(_ record: [UInt8]) throws(MalformedInput) -> [String] {
        let names = try fields(of: record)
        guard names.allSatisfy({ !$0.isEmpty }), Set(names).count == names.count else {
            throw MalformedInput(code: "malformed_csv", "The header has an empty or a repeated name.")
        }
        return names
    }
}
