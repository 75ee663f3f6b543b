/// How one type of query is answered.
public struct QueryHandler: Sendable {
    let type: any Query.Type
    let answering: any Answering

    /// - Parameter answer: must honour `context.after`; the read models of `LeftfoldPostgres` do.
    public init<Q: Query>(_ type: Q.Type, _ answer: @escaping @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>) {
        self.type = type
        answering = AnswerFunction(run: answer)
    }
}

protocol Answering: Sendable {}

struct AnswerFunction<Q: Query>: Answering {
    let run: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
}
