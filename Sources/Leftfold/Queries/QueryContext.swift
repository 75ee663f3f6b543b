/// Everything around a query that is not the query.
public struct QueryContext: Sendable {
    public var principal: Principal
    public var correlationID: String
    /// The answer must know everything up to this position (I9): the one from a receipt, to read one's own write.
    public var after: GlobalPosition?
    /// How long to wait for that position before answering ``NotYetVisible``.
    public var patience: Duration
    /// When it must be answered. The bus sets it by the query's timeout, unless it is set to something earlier.
    public var deadline: ContinuousClock.Instant?
    /// Who sees only what is their own; nil: the principal sees everything. The bus sets it.
    package var own: Principal?
    /// What is to be passed by each read of a handler that keeps its deadline: who waits for a position must not take a place. The
    /// bus sets it.
    package var turnstile: Turnstile?

    public init(principal: Principal, correlationID: String, after: GlobalPosition? = nil, patience: Duration = .seconds(5)) {
        self.principal = principal
        self.correlationID = correlationID
        self.after = after
        self.patience = patience
    }
}
