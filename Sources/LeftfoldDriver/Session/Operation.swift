/// The statement, batch or transfer that a connection has under way.
struct Operation {
    /// What flows besides a statement and its answer.
    enum Transfer {
        /// Can transition to: `copyIn`, `copyOut`.
        case none
        /// We send; so many bytes were given to libpq since it was last asked to send all. Can transition to: `ended`.
        case copyIn(unflushed: Int)
        /// The server sends. Can transition to: `ended`.
        case copyOut
        /// All was sent or received; the server's verdict is still to come.
        case ended
    }

    /// Tells it from all others of its connection, so that a writer kept for too long is found out.
    let number: UInt64
    /// When it began, if it has a deadline.
    var start: ContinuousClock.Instant?
    var deadline: ContinuousClock.Instant?
    var policy = InterruptPolicy.cancel
    var cancellable = true
    /// Whether anything may have reached the server.
    var sent = false
    /// Whether this is the `COMMIT` of a transaction of ours.
    var commits = false
    /// Why it was interrupted, once it was.
    var interruption: Poller.Interruption?
    /// The first error of a stream, kept until the rows before it are delivered.
    var failure: PostgresError?
    /// The fatal error the server sent before it hung up.
    var farewell: PostgresError?
    var transfer = Transfer.none
    /// Whether libpq hands out rows one by one. It goes on to do so after a stream has ended, until the next statement is sent; see `runPipeline`.
    var rowByRow = false
}
