import Leftfold
import NIOCore

/// The answer to a query as it goes out, made once for all who get it.
final class EncodedAnswer: Sendable {
    let body: ByteBuffer
    let length: String
    let tag: String

    init(_ json: [UInt8], _ tag: String) {
        body = ByteBuffer(bytes: json)
        length = String(json.count)
        self.tag = tag
    }
}

/// A target that is known to stand for a query, and whose answer may be known.
protocol DirectQuestion: Sendable {
    /// The kept answer, if it is true now and the principal may have it; see `QueryBus.find`.
    func find(_ context: QueryContext) -> (answer: EncodedAnswer, position: GlobalPosition)?
}

struct KnownQuestion<Q: Query>: DirectQuestion {
    let query: Q
    let queries: QueryBus
    let tag: @Sendable (Q.Answer, _ json: [UInt8]) -> String

    func find(_ context: QueryContext) -> (answer: EncodedAnswer, position: GlobalPosition)? {
        guard let answered = queries.find(query, context), let kept = answered.kept else { return nil }
        let answer = kept.attachment { EncodedAnswer(kept.json, tag(kept.value, kept.json)) }
        return (answer, answered.position)
    }
}
