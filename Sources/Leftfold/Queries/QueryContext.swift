/// Everything around a query that is not the query.
public struct QueryContext: Sendable {
    public var principal: Principal
    public var correlationID: String
    /// The answer must know everything up to this position (I9): the one from a receipt, to read one's own write.
    public var after: GlobalPosition?
    /// How long to wait for that position before answering ``NotYetVisible``.
    public var patience: Duration

    public init(principal: Principal, correlationID: String, after: GlobalPosition? = nil, patience: Duration = .seconds(5)) {
        self.principal = principal
        self.correlationID = correlationID
        self.after = after
        self.patience = patience
    }
}

/// An answer and how new it is.
public struct Answered<Value: Sendable>: Sendable {
    public var value: Value
    /// The answer knows everything up to here, and perhaps more.
    public var position: GlobalPosition

    public init(_ value: Value, at position: GlobalPosition) {
        self.value = value
        self.position = position
    }
}
