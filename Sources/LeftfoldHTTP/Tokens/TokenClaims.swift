/// The claims that we require, and the two that we offer.
struct TokenClaims: Codable {
    var iss: String
    var aud: Audience
    var sub: String
    var iat: Double?
    var exp: Double
    var nbf: Double?
    var roles: [String]?
    var tenant: String?

    /// One name or several.
    struct Audience: Codable {
        let names: [String]

        init(_ name: String) { names = [name] }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                names = [name]
            } else {
                names = try container.decode([String].self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if let only = names.first, names.count == 1 { try container.encode(only) } else { try container.encode(names) }
        }
    }
}
