import Leftfold
import LeftfoldDriver

/// A page of the log with what its handler has made of it ahead of time.
struct PreparedBatch: Sendable {
    let events: ArraySlice<RecordedEvent>
    /// Which kept answers they change.
    let touched: Dependencies
    /// Takes them in, all or none, in one transaction with the statement that moves the checkpoint. What went wrong ahead of time is thrown
    /// here, when it is this batch's turn; see ``BatchHandler/handle(_:after:on:)``.
    let send: @Sendable (SQL, Connection) async throws -> Void
}
