import Leftfold

/// The examples of a command or query, field by field.
struct FieldExamples {
    /// Each example's fields in their written form.
    let objects: [[String: RawJSON]]

    init(_ type: any Decodable.Type) {
        objects = ((type as? any Documented.Type)?.writtenExamples ?? []).compactMap {
            try? StrictJSON.decode([String: RawJSON].self, from: $0.bytes)
        }
    }

    subscript(name: String) -> RawJSON? { objects.first?[name] }

    /// The objects without the fields that stand elsewhere.
    func bodies(without captured: [String]) -> [JSONTree] {
        objects.map { object in .object(object.filter { !captured.contains($0.key) }.mapValues(JSONTree.json)) }
    }
}

extension RawJSON {
    /// A text or number as it stands in a URL.
    var inURL: String {
        let text = (try? StrictJSON.decode(String.self, from: bytes)) ?? description
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:".utf8)
        return text.utf8.map {
            plain.contains($0) ? String(UnicodeScalar($0)) : "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true)
        }
        .joined()
    }
}
