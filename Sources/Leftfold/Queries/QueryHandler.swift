/// How one type of query is answered.
public struct QueryHandler: Sendable {
    let query: any Query.Type
    /// An `AnswerFunction` of that query.
    let function: any Sendable

    /// - Parameters:
    ///   - type: what is asked.
    ///   - answer: must honour `context.after`; the read models of `LeftfoldPostgres` do.
    public init<Q: Query>(_ type: Q.Type, _ answer: @escaping @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>) {
        query = type
        function = AnswerFunction(run: answer)
    }
}

struct AnswerFunction<Q: Query>: Sendable {
    let run: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
}
