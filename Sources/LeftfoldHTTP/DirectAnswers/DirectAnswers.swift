import HTTPTypes
import Leftfold
import NIOHTTP1

/// Answers `GET`s whose answers are kept where their bytes arrive: on the event loop, without a route, a task or a copy.
///
/// It answers only what it is sure of, exactly as the routes would. Everything else goes the usual way, which then teaches it: a target
/// that was answered by a query is remembered with that query. Whether the client may have the answer, and whether the answer is still true, is
/// asked each time.
final class DirectAnswers: Sendable {
    /// Longer targets are not remembered.
    private static let maximumTarget = 512

    private struct Known: Sendable {
        let route: String
        let question: any DirectQuestion
    }

    private let known = RecentlyUsed<String, Known>(capacity: 20_000)
    private let authenticator: any Authenticator
    private let ledger: RequestLedger
    private let timers: RequestTimers
    private let isCrossOrigin: Bool
    private let history: LogHistory
    private let date = HTTPDate()

    init(
        _ authenticator: any Authenticator, _ ledger: RequestLedger, _ timers: RequestTimers, _ history: LogHistory, isCrossOrigin: Bool
    ) {
        (self.authenticator, self.ledger, self.timers, self.history) = (authenticator, ledger, timers, history)
        self.isCrossOrigin = isCrossOrigin
    }

    /// The target was answered by this query.
    func learn(_ target: String, _ route: String, _ question: any DirectQuestion) {
        guard target.utf8.count <= Self.maximumTarget, target.utf8.allSatisfy({ $0 < 0x80 }), known.find(target) == nil else { return }
        known.keep(Known(route: route, question: question), for: target)
    }

    struct Found {
        let head: HTTPResponseHead
        /// Nil: the client has it.
        let answer: EncodedAnswer?
    }

    /// Nil: it has to go the usual way.
    func answer(_ head: HTTPRequestHead) -> Found? {
        guard head.method == .GET, head.version == .http1_1, head.uri.utf8.count <= Self.maximumTarget,
            head.uri.utf8.allSatisfy({ $0 < 0x80 }), let known = known.find(head.uri), let wishes = DirectWishes(head.headers),
            let principal = authenticator.known(wishes.credential)
        else { return nil }
        guard let epoch = history.settled else { return nil }
        let after = wishes.after.map(history.known)
        if case .some(nil) = after { return nil }
        let start = ContinuousClock.now
        let account = RequestLedger.Account(principal)
        guard case .admitted = ledger.enter(account, at: start) else { return nil }

        let correlationID = wishes.correlationID ?? CorrelationID.generated()
        let context = QueryContext(principal: principal, correlationID: correlationID, after: after ?? nil)
        let found = known.question.find(context)
        ledger.leave(account, refunding: found == nil)
        guard let (answer, tag, position) = found else { return nil }
        let isKnown = wishes.tags.map { EntityTag.isKnown(tag, [.ifNoneMatch: $0]) } ?? false
        let token = epoch.token(for: position)
        let response = Found(head: self.head(answer, tag, token, correlationID, isKnown: isKnown), answer: isKnown ? nil : answer)
        timers.record(ContinuousClock.now - start, .get, known.route, isKnown ? .notModified : .ok)
        return response
    }

    private func head(
        _ answer: EncodedAnswer, _ tag: String, _ token: Int64, _ correlationID: String, isKnown: Bool
    ) -> HTTPResponseHead {
        var fields: [(String, String)] = []
        fields.reserveCapacity(12)
        if !isKnown { fields.append(("Content-Type", "application/json")) }
        fields.append(("Leftfold-Position", String(token)))
        fields.append(("Cache-Status", "leftfold; hit"))
        fields.append(("ETag", tag))
        fields.append(("Cache-Control", "private, no-cache"))
        fields.append(("Vary", "Accept, Authorization"))
        if isCrossOrigin { fields.append(("Vary", "Origin")) }
        fields.append(("X-Correlation-Id", correlationID))
        fields.append(("X-Content-Type-Options", "nosniff"))
        if !isKnown { fields.append(("Content-Length", answer.length)) }
        fields.append(("Date", date.now))
        return HTTPResponseHead(version: .http1_1, status: isKnown ? .notModified : .ok, headers: HTTPHeaders(fields))
    }
}
