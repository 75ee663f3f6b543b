/// How one type of query is answered.
public struct QueryHandler: Sendable {
    let query: any Query.Type
    /// An `AnswerFunction` of that query.
    let function: any Sendable

    /// - Parameters:
    ///   - type: what is asked.
    ///   - isCacheable: the answer is the same for everybody of a tenant, and is read from the tables of the query's `reads` on
    ///     the primary. Only then may it be kept; a handler sees the whole context, so nobody else can know.
    ///   - answer: must honour `context.after` and end when its task is cancelled, which it is at `context.deadline`.
    public init<Q: Query>(
        _ type: Q.Type, isCacheable: Bool = false,
        _ answer: @escaping @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) {
        self.init(Q.self, isCacheable: isCacheable, keepsDeadline: false, answer)
    }

    /// - Parameter keepsDeadline: it ends by itself at `context.deadline`, and passes `context.turnstile` for each read.
    package init<Q: Query>(
        _ type: Q.Type, isCacheable: Bool, keepsDeadline: Bool,
        _ answer: @escaping @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) {
        query = type
        function = AnswerFunction(read: answer, isCacheable: isCacheable, keepsDeadline: keepsDeadline)
    }
}

struct AnswerFunction<Q: Query>: Sendable {
    let read: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    let isCacheable: Bool
    let keepsDeadline: Bool
}
