import HTTPTypes

/// The token in `Authorization: Bearer …`.
enum BearerToken {
    static func read(_ headers: HTTPFields) throws(TokenRefusal) -> String {
        guard let field = headers[.authorization] else { throw .missing }
        let scheme = field.prefix(7)
        guard scheme.lowercased() == "bearer " else { throw .missing }
        return String(field.dropFirst(7))
    }
}
