import Leftfold
import NIOCore

/// The answer to a query as it goes out, made once for all who get it.
final class EncodedAnswer: Sendable {
    let body: ByteBuffer
    let length: String
    /// Of its bytes.
    let tag: String

    init(_ json: [UInt8]) {
        body = ByteBuffer(bytes: json)
        length = String(json.count)
        tag = EntityTag.of(json)
    }
}

/// A target that is known to stand for a query, and whose answer may be known.
protocol DirectQuestion: Sendable {
    /// The kept answer, if it is true now and the principal may have it; see `QueryBus.find`.
    func find(_ context: QueryContext) -> (answer: EncodedAnswer, tag: String, position: GlobalPosition)?
}

struct KnownQuestion<Q: Query>: DirectQuestion {
    let query: Q
    let queries: QueryBus
    let version: (@Sendable (Q.Answer) -> Int64)?

    func find(_ context: QueryContext) -> (answer: EncodedAnswer, tag: String, position: GlobalPosition)? {
        guard let answered = queries.find(query, context), let kept = answered.kept else { return nil }
        // Kept with the answer, which other routes may give under another tag.
        let answer = kept.attachment { EncodedAnswer(kept.json) }
        return (answer, version.map { EntityTag.of($0(kept.value)) } ?? answer.tag, answered.position)
    }
}
