import Foundation

/// A file of commands for the user directory as life writes it: mostly new users, then changes, mistakes and plain rubbish.
/// The same seed gives the same file.
///
/// It remembers some thousand of the users that it made, not all, so any number of lines takes the same memory.
struct UserCommands {
    private var random: Dice
    private var made = 0
    private var known: [Known] = []
    /// Addresses that somebody gave up.
    private var freed: [String] = []

    private struct Known {
        var id: String
        var email: String
        var isActive = true
    }

    private static let knownAtMost = 4096
    private static let freedAtMost = 256

    init(seed: UInt64) { random = Dice(seed: seed) }

    /// One line of JSON, without its end.
    mutating func nextLine() -> String {
        switch random.below(1000) {
        case ..<650: create(email: nil)
        case ..<670: create(email: takeFreed())
        case ..<685: create(email: somebody()?.email)
        case ..<695: create(email: somebody().map { Self.shouting($0.email) })
        case ..<700: createAgain()
        case ..<785: rename()
        case ..<850: changeEmail()
        case ..<860: changeBoth()
        case ..<875: changeNothing()
        case ..<935: deactivate()
        case ..<975: reactivate()
        case ..<995: changeStranger()
        default: rubbish()
        }
    }

    /// One record of CSV, without its end: a user to be created.
    mutating func nextRecord() -> String {
        let (id, email, name) = newUser(email: nil)
        return [id, email, name].map(Self.csv).joined(separator: ",")
    }

    static let csvHeader = "id,email,name"

    // MARK: New users

    private mutating func create(email: String?) -> String {
        let (id, email, name) = newUser(email: email)
        return Self.line("CreateUser", [("id", id), ("email", email), ("name", name)])
    }

    private mutating func newUser(email given: String?) -> (id: String, email: String, name: String) {
        let person = Names.person(&random)
        let user = Known(id: random.uuid(), email: given ?? newEmail(person))
        // One that asks for an address in use will be refused, and is not worth remembering unless to ask for it in vain.
        if given == nil || random.happens(perMille: 100) { remember(user) }
        return (user.id, user.email, person.name)
    }

    private mutating func newEmail(_ person: Names.Person) -> String {
        made += 1
        let domain = random.pick(Self.domains)
        let email = "\(person.slug)\(made)@\(domain)"
        switch random.below(50) {
        case 0: return Self.capitalised(email)
        case 1: return "\(person.slug)+\(random.pick(["news", "shop", "work"]))\(made)@\(domain)"
        default: return email
        }
    }

    private mutating func createAgain() -> String {
        guard let user = somebody() else { return create(email: nil) }
        return Self.line("CreateUser", [("id", user.id), ("email", user.email), ("name", Names.person(&random).name)])
    }

    // MARK: Changes

    private mutating func rename() -> String {
        guard let user = somebody(active: true) else { return create(email: nil) }
        let name = random.happens(perMille: 50) ? "  \(Names.person(&random).name)  " : Names.person(&random).name
        return Self.line("UpdateUser", [("id", user.id), ("name", name)])
    }

    private mutating func changeEmail() -> String {
        guard let index = index(active: true) else { return create(email: nil) }
        let id = known[index].id
        switch random.below(20) {
        case 0:
            guard let taken = somebody()?.email else { break }
            return Self.line("UpdateUser", [("id", id), ("email", taken)])
        case 1: return Self.line("UpdateUser", [("id", id), ("email", Self.shouting(known[index].email))])
        default: break
        }
        let email = random.happens(perMille: 200) ? takeFreed() : nil
        return Self.line("UpdateUser", [("id", id), ("email", move(index, to: email))])
    }

    private mutating func changeBoth() -> String {
        guard let index = index(active: true) else { return create(email: nil) }
        let name = Names.person(&random).name
        return Self.line("UpdateUser", [("id", known[index].id), ("email", move(index, to: nil)), ("name", name)])
    }

    private mutating func move(_ index: Int, to email: String?) -> String {
        let email = email ?? newEmail(Names.person(&random))
        free(known[index].email)
        known[index].email = email
        return email
    }

    private mutating func changeNothing() -> String {
        guard let user = somebody(active: true) else { return create(email: nil) }
        return Self.line("UpdateUser", [("id", user.id), ("email", user.email)])
    }

    private mutating func deactivate() -> String {
        guard let index = index(active: !random.happens(perMille: 50)) else { return create(email: nil) }
        let id = known[index].id
        if known[index].isActive { free(known[index].email) }
        known[index].isActive = false
        guard random.happens(perMille: 800) else { return Self.line("DeactivateUser", [("id", id)]) }
        return Self.line("DeactivateUser", [("id", id), ("reason", random.pick(Self.reasons))])
    }

    private mutating func reactivate() -> String {
        guard let index = index(active: random.happens(perMille: 50)) else { return create(email: nil) }
        let email = known[index].email
        known[index].isActive = true
        // Some come back while their address is in other hands.
        if random.happens(perMille: 700) { freed.removeAll { $0 == email } }
        return Self.line("ReactivateUser", [("id", known[index].id)])
    }

    private mutating func changeStranger() -> String {
        let id = random.uuid()
        switch random.below(4) {
        case 0: return Self.line("DeactivateUser", [("id", id), ("reason", random.pick(Self.reasons))])
        case 1: return Self.line("ReactivateUser", [("id", id)])
        case 2: return Self.line("UpdateUser", [("id", id), ("name", Names.person(&random).name)])
        default: return Self.line("UpdateUser", [("id", id), ("email", newEmail(Names.person(&random)))])
        }
    }

    // MARK: Rubbish

    private mutating func rubbish() -> String {
        let id = random.uuid()
        let person = Names.person(&random)
        let email = newEmail(person)
        let good: [(String, String)] = [("id", id), ("email", email), ("name", person.name)]
        switch random.below(14) {
        case 0: return String(Self.line("CreateUser", good).dropLast(1 + random.below(40)))
        case 1: return "this is not JSON"
        case 2: return "[\(Self.line("CreateUser", good))]"
        case 3: return Self.line("DeleteUser", [("id", id)])
        case 4: return Self.line("CreateUser", [("id", id), ("name", person.name)])
        case 5: return Self.line("CreateUser", good + [("nickname", "\(person.name.prefix(1))")])
        case 6: return Self.line("CreateUser", [("id", id), ("email", random.pick(Self.badEmails)), ("name", person.name)])
        case 7: return Self.line("CreateUser", [("id", id), ("email", email), ("name", random.pick(["", "   ", "\u{200B}"]))])
        case 8: return #"{"command":"CreateUser","id":"\#(id)","email":42,"name":[]}"#
        case 9: return Self.line("CreateUser", [("id", id), ("email", email), ("name", "\(person.name)\u{0}\u{7}")])
        case 10: return Self.line("CreateUser", [("id", "not-a-uuid"), ("email", email), ("name", person.name)])
        case 11: return Self.line("CreateUser", good + [("email", "second-\(email)")])
        case 12: return #"{"id":"\#(id)","name":"nobody said what to do"}"#
        default: return Self.line("CreateUser", [("id", id), ("email", email), ("name", String(repeating: "long ", count: 60))])
        }
    }

    // MARK: What is remembered

    private mutating func remember(_ user: Known) {
        if known.count < Self.knownAtMost { known.append(user) } else { known[random.below(known.count)] = user }
    }

    private mutating func somebody(active: Bool) -> Known? { index(active: active).map { known[$0] } }
    private mutating func somebody() -> Known? { known.isEmpty ? nil : known[random.below(known.count)] }

    /// Somebody who is or is not active; nil if none is met in a few tries.
    private mutating func index(active: Bool) -> Int? {
        guard !known.isEmpty else { return nil }
        for _ in 0..<32 {
            let index = random.below(known.count)
            if known[index].isActive == active { return index }
        }
        return nil
    }

    private mutating func free(_ email: String) {
        if freed.count < Self.freedAtMost { freed.append(email) } else { freed[random.below(freed.count)] = email }
    }

    private mutating func takeFreed() -> String? { freed.isEmpty ? nil : freed.remove(at: random.below(freed.count)) }

    // MARK: Writing

    private static func line(_ command: String, _ fields: [(String, String)]) -> String {
        var line = "{\"command\":\"\(command)\""
        for (name, value) in fields {
            line += ",\"\(name)\":\""
            escape(value, into: &line)
            line += "\""
        }
        return line + "}"
    }

    private static func escape(_ text: String, into line: inout String) {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            line += text
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": line += "\\\(scalar)"
            case ..<" ": line += "\\u00\(scalar.value < 16 ? "0" : "")\(String(scalar.value, radix: 16))"
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    private static func csv(_ field: String) -> String {
        guard field.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return field }
        return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    private static func shouting(_ email: String) -> String { email.uppercased() }

    private static func capitalised(_ email: String) -> String { email.prefix(1).uppercased() + email.dropFirst() }

    private static let domains = [
        "example.com", "example.org", "example.net", "mail.example.com", "post.example.de", "correo.example.es", "courrier.example.fr",
        "example.co.uk", "mail.example.co.jp", "bücher.example", "xn--bcher-kva.example", "uni.example.edu",
    ]

    private static let badEmails = [
        "", "nobody", "@example.com", "ada@", "a@b@example.com", "ada lovelace@example.com", "ada@example", "ada..lovelace@example.com",
        ".ada@example.com", "ada@-example.com", "ada@example..com", "ada\u{7}@example.com",
    ]

    private static let reasons = [
        "left the company", "hat gekündigt", "compte inactif depuis deux ans", "duplicate of another account", "requested by the user",
        "退職", "по собственному желанию", "violated the terms; see case \"4711\"", "بناءً على طلب المستخدم", "bounced mail\\no answer",
    ]
}
