import Leftfold

/// A query parameter that a route knows. Others are refused.
public struct QueryParameter: Sendable {
    let name: String
    let kind: Kind

    enum Kind { case string, integer, boolean }

    public static func string(_ name: String) -> Self { Self(name: name, kind: .string) }
    public static func integer(_ name: String) -> Self { Self(name: name, kind: .integer) }

    public static func boolean(_ name: String) -> Self { Self(name: name, kind: .boolean) }

    func value(_ text: String) throws(RequestRefusal) -> JSONText {
        switch kind {
        case .string: return .string(text)
        case .integer:
            guard let number = WholeNumber.parse(text.utf8, negative: true) else { throw .wrongType(name, "Int") }
            return .integer(number)
        case .boolean:
            guard ["true", "false"].contains(where: { $0.utf8.elementsEqual(text.utf8) }) else { throw .wrongType(name, "Bool") }
            return .json(Array(text.utf8))
        }
    }
}
