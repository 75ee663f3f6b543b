import LeftfoldDriver

/// Writes something of its own in the transaction of each append, or keeps it from happening.
protocol AppendCompanion: Sendable {
    /// What it must know; sent in one round trip with the append, after it.
    var looks: [SQL] { get }

    /// Called while the transaction is open, and the append lock is held.
    ///
    /// Throws ``CompanionBusy`` where the same append may soon go through; any other error that is not the database's is the events' fault.
    func write(_ found: ArraySlice<Rows>, on connection: Connection) async throws
}

/// What goes with an append cannot be written just now.
struct CompanionBusy: Error {
    let reason: String
}
