import HTTPTypes
import Leftfold

/// The position that an answer must know: from `Leftfold-Position`, `?after=` or the session; of several, the latest.
///
/// What clients hold is a token, which names the epoch of the log, too: after a failover a position may mean something else.
enum ReadPosition {
    static let parameter = "after"

    static func read(_ headers: HTTPFields, _ string: QueryString, in history: LogHistory) async throws -> GlobalPosition? {
        var tokens = try ReadSession.tokens(headers) ?? []
        if let header = try headers.single(.leftfoldPosition, atMost: 20, else: .invalidPosition) { tokens.append(try parse(header)) }
        if let parameter = string.parameters.first(where: { $0.name == Self.parameter }) { tokens.append(try parse(parameter.value.utf8)) }
        var latest: GlobalPosition?
        for token in tokens { latest = max(latest ?? .zero, try await history.position(of: token)) }
        return latest
    }

    private static func parse(_ text: some Collection<UInt8>) throws(RequestRefusal) -> Int64 {
        guard let token = WholeNumber.parse(text) else { throw .invalidPosition }
        return token
    }
}
