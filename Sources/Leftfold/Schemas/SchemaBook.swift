/// Finds the schemas of types, by decoding each from harmless values and taking notes of what it reads.
///
/// Objects are kept under a name and referred to. Names that a type does not read are unknown: a type whose decoding stops half-way is
/// known as far as it came, and one that no value can be made for may be anything.
package final class SchemaBook {
    /// By name.
    package private(set) var components: [String: JSONSchema] = [:]

    private var known: [ObjectIdentifier: Entry] = [:]
    private var names: [String: ObjectIdentifier] = [:]

    struct Entry {
        let schema: JSONSchema
        /// Nil where none could be made.
        let sample: Any?
    }

    package init() {}

    /// The schema of a type; a reference where it is an object.
    package func schema<T: Decodable>(of type: T.Type) -> JSONSchema { entry(of: type).schema }

    /// The object of a command or query. ``StrictJSON`` refuses fields that it does not know.
    package func closedObject<T: Decodable>(_ type: T.Type, name: String) -> JSONSchema {
        let shape = Recording(of: type, in: self).schema
        let object = documented(type, shape)
        let isKnown = object.keywords["properties"] != nil || shape == Recording.emptyObject
        let closed = isKnown ? object.with("additionalProperties", false) : object
        components[name] = closed
        names[name] = ObjectIdentifier(type)
        return closed
    }

    /// Adds a component that no type stands for.
    package func add(_ schema: JSONSchema, name: String) { components[name] = schema }

    func entry<T: Decodable>(of type: T.Type) -> Entry {
        let id = ObjectIdentifier(type)
        if let entry = known[id] { return entry }
        let entry = find(type)
        known[id] = entry
        return entry
    }

    private func find<T: Decodable>(_ type: T.Type) -> Entry {
        if let type = type as? any SchemaDescribing.Type {
            return Entry(schema: documented(type, type.jsonSchema), sample: type.jsonSample)
        }
        if let type = type as? any SchemaContainer.Type { return type.entry(in: self) }
        if let entry = Enumeration.entry(of: type) { return Entry(schema: documented(type, entry.schema), sample: entry.sample) }

        // While it is being looked at, it is known by its name: a type may contain itself.
        let name = name(for: type)
        let reference = JSONSchema.reference(to: name)
        known[ObjectIdentifier(type)] = Entry(schema: reference, sample: nil)
        let recording = Recording(of: type, in: self)
        let schema = documented(type, recording.schema)
        guard schema.keywords["properties"] != nil || schema.keywords["oneOf"] != nil else {
            names[name] = nil
            return Entry(schema: schema, sample: recording.sample)
        }
        components[name] = schema
        return Entry(schema: reference, sample: recording.sample)
    }

    private func documented<T: Decodable>(_ type: T.Type, _ schema: JSONSchema) -> JSONSchema {
        guard let documented = type as? any Documented.Type else { return schema }
        var schema = schema
        if !documented.summary.isEmpty { schema = schema.described(documented.summary) }
        if case .object(var properties)? = schema.keywords["properties"] {
            for (name, refinement) in documented.fields {
                guard let property = properties[name] else { continue }
                properties[name] = JSONSchema(property.members).refined(by: refinement).tree
            }
            schema.keywords["properties"] = .object(properties)
        }
        return documented.writtenExamples.reduce(schema) { $0.example($1) }
    }

    /// `UsersList.Answer` of the module Users is `UsersListAnswer`; a second type of that name has its module in front.
    private func name<T>(for type: T.Type) -> String {
        let parts = String(reflecting: type).replacing(#/\(unknown context at [^)]*\)\.?/#, with: "").split(separator: ".")
        let short = Self.identifier(parts.dropFirst().joined())
        var candidate = short
        if names[candidate] != nil { candidate = Self.identifier(parts.joined()) }
        var number = 2
        while let other = names[candidate], other != ObjectIdentifier(type) {
            candidate = "\(short)\(number)"
            number += 1
        }
        names[candidate] = ObjectIdentifier(type)
        return candidate
    }

    private static func identifier(_ text: String) -> String {
        let name = text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return name.isEmpty ? "Value" : name
    }
}

/// Types that contain others and are known by what they contain.
private protocol SchemaContainer: Decodable {
    static func entry(in book: SchemaBook) -> SchemaBook.Entry
}

extension Optional: SchemaContainer where Wrapped: Decodable {
    fileprivate static func entry(in book: SchemaBook) -> SchemaBook.Entry {
        .init(schema: book.schema(of: Wrapped.self).nullable, sample: Self.none as Any)
    }
}

extension Array: SchemaContainer where Element: Decodable {
    fileprivate static func entry(in book: SchemaBook) -> SchemaBook.Entry {
        .init(schema: .array(of: book.schema(of: Element.self)), sample: Self())
    }
}

extension Set: SchemaContainer where Element: Decodable {
    fileprivate static func entry(in book: SchemaBook) -> SchemaBook.Entry {
        .init(schema: .array(of: book.schema(of: Element.self)), sample: Self())
    }
}

extension Dictionary: SchemaContainer where Key: Decodable, Value: Decodable {
    fileprivate static func entry(in book: SchemaBook) -> SchemaBook.Entry {
        let isObject = Key.self == String.self || Key.self == Int.self || Key.self is any CodingKeyRepresentable.Type
        // Others are written as a list of keys and values in turn.
        return .init(schema: isObject ? .map(of: book.schema(of: Value.self)) : .array(of: .anything), sample: Self())
    }
}

/// Enumerations of texts or numbers that list their cases.
private enum Enumeration {
    static func entry<T: Decodable>(of type: T.Type) -> SchemaBook.Entry? {
        guard let type = type as? any CaseIterable.Type, let values = values(type), let first = values.first else { return nil }
        // It may read itself in a way of its own.
        guard values.allSatisfy({ (try? StrictJSON.decode(T.self, from: $0.bytes)) != nil }),
            let sample = try? StrictJSON.decode(T.self, from: first.bytes)
        else { return nil }
        let kind: JSONTree = first.text == nil ? "integer" : "string"
        return .init(schema: JSONSchema(["type": kind, "enum": .array(values)]), sample: sample)
    }

    private static func values<C: CaseIterable>(_ type: C.Type) -> [JSONTree]? {
        var values: [JSONTree] = []
        for element in type.allCases {
            guard let raw = (element as? any RawRepresentable)?.rawValue else { return nil }
            switch raw {
            case let text as String: values.append(.string(text))
            case let number as any BinaryInteger: values.append(.integer(Int64(clamping: number)))
            default: return nil
            }
        }
        return values
    }
}
