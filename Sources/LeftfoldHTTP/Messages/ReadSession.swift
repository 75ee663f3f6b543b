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
    /// The longest: the prefix, and the largest position.
    private static let maximumLength = maximumMembers * 24

    /// Everything up to here was seen in the session; nil outside of one.
    static func read(_ headers: HTTPFields) throws(RequestRefusal) -> GlobalPosition? {
        var reached: GlobalPosition?
        var members = 0
        for field in headers[fields: .leftfoldSession] {
            let bytes = field.withUnsafeBytesOfValue { $0.count <= maximumLength ? Array($0) : nil }
            guard let bytes else { throw .invalidSession }
            for member in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                members += 1
                guard members <= maximumMembers, let position = position(member) else { throw .invalidSession }
                reached = max(reached ?? .zero, position)
            }
        }
        return reached
    }

    private static func position(_ member: ArraySlice<UInt8>) -> GlobalPosition? {
        let blank = UInt8(ascii: " ")
        let text = member.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
        if text.elementsEqual(beginning.utf8) { return .zero }
        guard text.starts(with: prefix.utf8), let position = WholeNumber.parse(text.dropFirst(prefix.utf8.count)) else { return nil }
        return GlobalPosition(rawValue: position)
    }

    /// Takes an answer into the session of its request, if there is one.
    static func extend(_ response: inout HTTPFields, of request: HTTPFields) {
        guard request.contains(.leftfoldSession), let before = try? read(request) else { return }
        let answered = response[.leftfoldPosition].flatMap { WholeNumber.parse($0.utf8) } ?? 0
        response[.leftfoldSession] = "\(prefix)\(max(before.rawValue, answered))"
    }
}
