import HTTPTypes
import Leftfold

/// `Leftfold-Session`: what a client has seen, which it sends back as it got it. No answer is then older than an earlier one (monotonic
/// reads), nor than the client's own writes, whichever process or replica answers.
///
/// It begins with `new`. Clients that ask several questions at once send what they got last of each, with commas.
enum ReadSession {
    static let beginning = "new"
    private static let prefix = "1."
    private static let maximumMembers = 16
    /// The longest: the prefix, and the largest token.
    private static let maximumLength = maximumMembers * 24

    /// Everything up to these was seen in the session; nil outside of one.
    static func tokens(_ headers: HTTPFields) throws(RequestRefusal) -> [Int64]? {
        var tokens: [Int64]?
        var members = 0
        for field in headers[fields: .leftfoldSession] {
            let bytes = field.withUnsafeBytesOfValue { $0.count <= maximumLength ? Array($0) : nil }
            guard let bytes else { throw .invalidSession }
            for member in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                members += 1
                guard members <= maximumMembers, let token = token(member) else { throw .invalidSession }
                tokens = (tokens ?? []) + (token.map { [$0] } ?? [])
            }
        }
        return tokens
    }

    /// Nil where it is none; an inner nil at the beginning.
    private static func token(_ member: ArraySlice<UInt8>) -> Int64?? {
        let blank = UInt8(ascii: " ")
        let text = member.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
        if text.elementsEqual(beginning.utf8) { return .some(nil) }
        guard text.starts(with: prefix.utf8), let token = WholeNumber.parse(text.dropFirst(prefix.utf8.count)) else { return nil }
        return .some(token)
    }

    /// Takes an answer into the session of its request, if there is one.
    static func extend(_ response: inout HTTPFields, of request: HTTPFields, in history: LogHistory?) {
        guard request.contains(.leftfoldSession), var tokens = try? tokens(request) else { return }
        if let answered = response[.leftfoldPosition].flatMap({ WholeNumber.parse($0.utf8) }) { tokens.append(answered) }
        func position(_ token: Int64) -> GlobalPosition? {
            guard let history else { return GlobalPosition(rawValue: token) }
            return history.known(token)
        }
        // One that is lost is refused where it is asked with; it is told again, so that the client learns it.
        let latest = tokens.first { position($0) == nil } ?? tokens.max { (position($0) ?? .zero) < (position($1) ?? .zero) }
        response[.leftfoldSession] = "\(prefix)\(latest ?? (history?.epoch ?? .first).token(for: .zero))"
    }
}
