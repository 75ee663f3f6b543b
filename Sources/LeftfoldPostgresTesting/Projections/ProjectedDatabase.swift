public import Leftfold
public import LeftfoldDriver
public import LeftfoldPostgres
import LeftfoldTesting

/// A lent database in which one projection is at work: given events, what do its tables say?
/// ```swift
/// try await TestDatabase.with(projecting: Balances()) { balances in
///     try await balances.given(.opened(owner: "Ada"), .deposited(amount: 5), in: StreamID<Account>(id))
///     let balance = try await balances.query("SELECT balance FROM balances WHERE id = \(id)").first?.decode(Int.self)
///     #expect(balance == 5)
/// }
/// ```
/// The events go the way they go in a service: they are stored, read back from the log, and applied in the projector's transactions to real
/// tables. What can be tested without a database is tested faster without.
public struct ProjectedDatabase: Sendable {
    /// The database, for all that is not here.
    public let database: LeftfoldDatabase
    private let projection: any PostgresProjection

    init(_ database: LeftfoldDatabase, _ projection: any PostgresProjection) {
        self.database = database
        self.projection = projection
    }

    /// Appends events to the end of a stream, as one command that nobody checks. Returns the last position.
    @discardableResult
    public func given<A: Aggregate>(_ events: A.Event..., in stream: StreamID<A>) async throws -> GlobalPosition {
        try await database.append(events, to: stream)
    }

    /// Asks the tables when the projection has applied all that is in the log. They are found by their plain names.
    ///
    /// - Throws: ``ProjectionStopped`` if it cannot apply an event; `DidNotHappen` if it is not there after two minutes.
    @discardableResult
    public func query(_ sql: SQL) async throws -> Rows {
        try await reachHead()
        return try await database.pool.execute(sql)
    }

    /// Compares the tables with what a fold of the whole log into new tables gives (I6).
    public func verify() async throws -> Bool {
        try await reachHead()
        return try await Verification(projection, in: database).run().matches
    }

    /// Returns when the projection has applied all that is in the log.
    ///
    /// - Throws: ``ProjectionStopped`` if it cannot apply an event; `DidNotHappen` if it is not there after two minutes.
    public func reachHead() async throws {
        let head = try await database.store.head()
        try await eventually("\(projection.name) is at the head of the log") {
            let status = try await database.projectionStatuses().first { $0.projection == "\(projection.name)" && $0.state == "live" }
            guard let status else { return false }
            if let position = status.failedPosition { throw ProjectionStopped(position: position, reason: status.failure ?? "") }
            return status.position >= head
        }
    }
}

/// A projection met an event that it cannot apply.
public struct ProjectionStopped: Error, Sendable, CustomStringConvertible {
    /// The event's position in the log.
    public let position: GlobalPosition
    /// What the projection, or PostgreSQL, said.
    public let reason: String

    public var description: String { "the projection stopped at position \(position): \(reason)" }
}

extension TestDatabase {
    /// Lends a migrated database in which the projection works until the body is done.
    ///
    /// - Throws: what the body throws; else what went wrong with server, database or migrations.
    public static func with<T: Sendable>(
        projecting projection: any PostgresProjection, on server: TestServer = .shared,
        _ body: @escaping (ProjectedDatabase) async throws -> T
    ) async throws -> T {
        try await withEmpty(on: server) { configuration in
            _ = try await Migrator(configuration).migrate()
            return try await LeftfoldDatabase(configuration, logger: quiet).projecting(projection, body)
        }
    }
}

extension LeftfoldDatabase {
    /// Runs its service and a projector until the body is done, and closes it.
    public func projecting<T: Sendable>(
        _ projection: any PostgresProjection, _ body: @escaping (ProjectedDatabase) async throws -> T
    ) async throws -> T {
        try await running { database in
            let projector = Projector(projection, in: database, logger: TestDatabase.quiet)
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await projector.run() }
                let result: Result<T, any Error>
                do { result = .success(try await body(ProjectedDatabase(database, projection))) } catch { result = .failure(error) }
                group.cancelAll()
                try? await group.waitForAll()
                return try result.get()
            }
        }
    }
}
