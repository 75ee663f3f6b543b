/// What one type read while it was decoded from harmless values.
struct Recording {
    let schema: JSONSchema
    /// What came of it.
    let sample: Any?

    static let emptyObject = JSONSchema(["type": "object", "properties": [:]])

    init<T: Decodable>(of type: T.Type, in book: SchemaBook) {
        var best: (notes: Notes, sample: Any?)?
        for guess in Guess.all {
            let notes = Notes(book: book, guess: guess)
            let sample = try? T(from: RecordingDecoder(notes: notes))
            if best == nil || sample != nil { best = (notes, sample) }
            if sample != nil { break }
        }
        guard let (notes, sample) = best else { preconditionFailure("there is no guess") }
        self.sample = sample
        guard let choices = notes.choices, choices > 1 else {
            schema = notes.schema(isComplete: sample != nil)
            return
        }
        // Cases of an enumeration, each an object of one name.
        schema = JSONSchema([
            "oneOf": .array(
                (0..<choices).map { choice in
                    let notes = Notes(book: book, guess: Guess(), choice: choice)
                    let isComplete = (try? T(from: RecordingDecoder(notes: notes))) != nil
                    return notes.schema(isComplete: isComplete).tree
                })
        ])
    }
}

/// What is read where a text or a number is asked for. A type that checks what it reads takes one of these, or is not known further.
struct Guess {
    var text = ""
    var number: Int64 = 0

    static let all = [
        Guess(), Guess(text: "a", number: 1), Guess(text: "1", number: 10),
        Guess(text: "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d", number: 100),
        Guess(text: "2026-01-01T00:00:00.000Z", number: -1), Guess(text: "ada@example.com", number: 1000),
        Guess(text: "https://example.com/", number: 2000),
    ]
}

/// The notes.
final class Notes {
    let book: SchemaBook
    let guess: Guess
    /// Which case of an enumeration to be.
    let choice: Int
    /// How many cases there are to choose from.
    var choices: Int?

    private var shape = Shape.unknown
    private var nested: [String: Notes] = [:]

    private enum Shape {
        case unknown
        case object([String: Field])
        case array(JSONSchema?)
        case scalar(JSONSchema)
        /// It tried one after another.
        case mixed
    }

    private struct Field {
        var schema: JSONSchema
        var isRequired: Bool
    }

    init(book: SchemaBook, guess: Guess, choice: Int = 0) {
        (self.book, self.guess, self.choice) = (book, guess, choice)
    }

    /// Whatever names there are, it takes: it asked for all of them.
    var isOpen = false
    var isNullable = false

    func becomesObject() {
        switch shape {
        case .unknown: shape = .object([:])
        case .object: break
        case .array, .scalar, .mixed: shape = .mixed
        }
    }

    func becomesArray(of element: JSONSchema? = nil) {
        switch shape {
        case .unknown: shape = .array(element)
        case .array(let known): shape = .array(known == nil || known == element ? element ?? known : .anything)
        case .object, .scalar, .mixed: shape = .mixed
        }
    }

    func becomes(_ schema: JSONSchema) {
        if case .unknown = shape { shape = .scalar(schema) } else { shape = .mixed }
    }

    func read(_ name: String, _ schema: JSONSchema, isRequired: Bool) {
        guard case .object(var fields) = shape else { return }
        fields[name] = Field(schema: schema, isRequired: isRequired)
        shape = .object(fields)
    }

    /// A field that was looked for before it is read.
    func lookedFor(_ name: String) {
        guard case .object(var fields) = shape, fields[name] == nil else { return }
        fields[name] = Field(schema: .anything, isRequired: false)
        shape = .object(fields)
    }

    func mayBeAbsent(_ name: String) -> Bool {
        guard case .object(let fields) = shape, let field = fields[name] else { return false }
        return !field.isRequired
    }

    /// A field that is read by itself, and known when all is read.
    func contains(_ nested: Notes, as name: String) {
        read(name, .anything, isRequired: true)
        self.nested[name] = nested
    }

    /// - Parameter isComplete: whether it was decoded to its end.
    func schema(isComplete: Bool) -> JSONSchema {
        let schema: JSONSchema =
            switch shape {
            case .unknown, .mixed: .anything
            case .scalar(let schema): schema
            case .array(let element): .array(of: element ?? .anything)
            case .object(let fields): object(fields, isComplete: isComplete)
            }
        return isNullable ? schema.nullable : schema
    }

    private func object(_ fields: [String: Field], isComplete: Bool) -> JSONSchema {
        // Without any name read, and not decoded: nothing is known of it.
        if isOpen || (fields.isEmpty && !isComplete) { return JSONSchema(["type": "object"]) }
        let required = fields.filter(\.value.isRequired).keys.sorted()
        let properties = fields.mapValues(\.schema.tree).merging(nested.mapValues { $0.schema(isComplete: isComplete).tree }) { $1 }
        var keywords: [String: JSONTree] = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { keywords["required"] = .array(required.map(JSONTree.string)) }
        if choices != nil { keywords["additionalProperties"] = false }
        return JSONSchema(keywords)
    }

    // MARK: Values

    /// Notes the type of a value, and makes one.
    func value<T: Decodable>(_ type: T.Type, _ path: [any CodingKey], note: (JSONSchema) -> Void) throws -> T {
        let entry = book.entry(of: type)
        note(entry.schema)
        if let guessed = guessed(type) { return guessed }
        guard let sample = entry.sample as? T else {
            throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: "no value of \(type) could be made"))
        }
        return sample
    }

    private func guessed<T>(_ type: T.Type) -> T? {
        if type == String.self { return guess.text as? T }
        if let type = type as? any FixedWidthInteger.Type { return number(type) as? T }
        if type == Double.self { return Double(guess.number) as? T }
        return nil
    }

    private func number<N: FixedWidthInteger>(_ type: N.Type) -> Any { N(clamping: guess.number) }
}
