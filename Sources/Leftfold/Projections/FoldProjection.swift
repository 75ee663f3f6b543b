/// A projection in the fold form: rows by key, and how an event changes them. It is tested without a database
/// (`ProjectionRun` in `LeftfoldTesting`), and it is the fast form: the rows of many events are loaded at once, changed in
/// memory and written at once.
///
/// ```swift
/// struct Balances: FoldProjection {
///     static let name: ProjectionName = "balances"
///     let version = 1
///     let sources: EventSources = .all(of: Account.self)
///
///     struct Row: Codable, Sendable, Equatable { var owner: String; var balance: Int }
///
///     func fold(_ event: RecordedEvent, into rows: inout RowChanges<UUID, Row>) throws {
///         guard let id = event.stream.uuid else { return }
///         for change in try event.decode(as: Account.self) {
///             switch change {
///             case .opened(let owner): rows.set(id, Row(owner: owner, balance: 0))
///             case .deposited(let amount): rows.update(id) { $0.balance += amount }
///             }
///         }
///     }
/// }
/// ```
public protocol FoldProjection<Key, Row>: Projection {
    associatedtype Key: Hashable & Codable & Sendable
    associatedtype Row: Equatable & Codable & Sendable

    /// Says which rows the event changes, and how. An error, such as an unknown event type, stops this projection at this
    /// event, visibly.
    func fold(_ event: RecordedEvent, into rows: inout RowChanges<Key, Row>) throws
}
