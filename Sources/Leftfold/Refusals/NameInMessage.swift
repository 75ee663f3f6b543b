/// What a stranger calls something, as messages repeat it: short and visible, or not at all.
package enum NameInMessage {
    /// In bytes.
    package static let maximumLength = 64

    /// In quotation marks; nil if it is not to be repeated.
    package static func quoted(_ name: some Collection<UInt8>) -> String? {
        guard name.count <= maximumLength, let text = String(validating: name, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ !$0.properties.isDefaultIgnorableCodePoint && isVisible($0.properties.generalCategory) })
        else { return nil }
        return "“\(text)”"
    }

    /// `The field “colour”`; `A field` if its name is not to be repeated.
    package static func the(_ kind: String, _ name: some Collection<UInt8>) -> String {
        quoted(name).map { "The \(kind) \($0)" } ?? "A \(kind)"
    }

    private static func isVisible(_ category: Unicode.GeneralCategory) -> Bool {
        switch category {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
