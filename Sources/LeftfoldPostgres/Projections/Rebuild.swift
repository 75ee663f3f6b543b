import Foundation
public import Leftfold
import LeftfoldDriver

/// Builds the next generation of a projection from event zero beside the live one, and switches to it in one transaction.
/// Writes and queries go on throughout; nobody sees an empty or half-filled table.
public struct Rebuild<P: Projection>: Sendable {
    private let projection: P
    private let database: LeftfoldDatabase
    private let batchSize: Int

    public init(_ projection: P, in database: LeftfoldDatabase, batchSize: Int = 2000) {
        self.projection = projection
        self.database = database
        self.batchSize = batchSize
    }

    /// Rebuilds and returns what is live then. If it fails or is stopped, the live generation stays as it was, and the
    /// unfinished one is dropped.
    ///
    /// - Parameter progress: called after each batch with its position and the head.
    public func run(progress: @escaping @Sendable (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }) async throws -> Generation {
        let generation = try await database.withConnection { connection in
            _ = try await Generation.ensureLive(projection, on: connection)
            try await dropAbandoned(on: connection)
            return try await connection.transaction { connection in
                try await Generation.lock(projection.name, on: connection)
                return try await Generation.create(projection, on: connection)
            }
        }
        do {
            try await database.withConnection(on: generation) { connection in
                try await build(generation, on: connection, progress)
            }
            return generation
        } catch {
            let cause = error
            // In a task of its own, awaited here: also when we are stopped, the leftovers go.
            let leftover: (any Error)? = await Task {
                do {
                    try await database.withConnection { try await drop(generation, on: $0) }
                    return nil
                } catch {
                    return error
                }
            }.value
            guard let leftover else { throw cause }
            throw RebuildFailed(
                projection: projection.name,
                reason: "\(cause); and generation \(generation.number) could not be dropped (the next rebuild will): \(leftover)")
        }
    }

    private func build(
        _ generation: Generation, on connection: Connection, _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws {
        guard var lease = try await Lease.take(generation, owner: "rebuild \(ProcessInfo.processInfo.processIdentifier)", on: connection)
        else { throw RebuildFailed(projection: projection.name, reason: "another process works on generation \(generation.number)") }
        let catchUp = CatchUp(projection: projection, store: database.store, batchSize: batchSize)
        var head = try await database.store.head()
        do {
            try await catchUp.run(&lease, on: connection) { position in
                head = max(head, position)
                await progress(position, head)
            }
            while true {
                do {
                    try await switchOver(to: generation, &lease, catchUp, on: connection)
                    break
                } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                    // A long query reads the view: let the projector and the other queries go on, and come back.
                    try await Task.sleep(for: .milliseconds(200))
                    guard try await lease.renew(on: connection) else { throw CatchUp<P>.Stop.leaseLost }
                }
            }
        } catch CatchUp<P>.Stop.failed(let failed) {
            throw RebuildFailed(
                projection: projection.name,
                reason: "the \(failed.event.type) at position \(failed.event.position) cannot be applied: \(failed.reason)")
        } catch CatchUp<P>.Stop.leaseLost {
            throw RebuildFailed(projection: projection.name, reason: "another process took the lease")
        }
        await progress(lease.position, max(head, lease.position))
    }

    /// With the live checkpoint locked, so that it cannot move on: apply what is missing up to it, then switch. The old
    /// generation stays, retired, for those whose statements still run on it.
    private func switchOver(
        to generation: Generation, _ lease: inout Lease, _ catchUp: CatchUp<P>, on connection: Connection
    ) async throws {
        // All that is known now, before anybody has to wait for us.
        try await catchUp.run(&lease, on: connection)
        var moving = lease
        try await connection.transaction { connection in
            _ = try await connection.execute("SET LOCAL lock_timeout = '2s'")
            try await Generation.lock(projection.name, on: connection)
            let live = try await connection.execute(
                "SELECT position FROM leftfold.checkpoints WHERE projection = \(projection.name.name) AND state = 'live' FOR UPDATE"
            ).first?.decode(Int64.self)
            while let live, moving.position.rawValue < live {
                let limit = min(batchSize, Int(live - moving.position.rawValue))
                try await catchUp.apply(try await database.store.read(after: moving.position, limit: limit), &moving, on: connection)
            }
            _ = try await connection.execute(
                """
                UPDATE leftfold.checkpoints SET state = 'retired', lease_owner = NULL, lease_until = NULL
                WHERE projection = \(projection.name.name) AND state = 'live'
                """)
            _ = try await connection.execute(
                """
                UPDATE leftfold.checkpoints
                SET state = 'live', live_since = clock_timestamp(), lease_owner = NULL, lease_until = NULL
                WHERE projection = \(projection.name.name) AND generation = \(Int32(generation.number))
                """)
            _ = try await connection.execute("SET LOCAL search_path TO DEFAULT")
            try await generation.showTables(of: projection, on: connection)
            try await dropRetired(except: generation, on: connection)
        }
        lease = moving
    }

    /// The generation before this one stays for a way back; older ones go.
    private func dropRetired(except live: Generation, on connection: Connection) async throws {
        let rows = try await connection.execute(
            """
            SELECT generation FROM leftfold.checkpoints
            WHERE projection = \(projection.name.name) AND state = 'retired' AND generation <> \(Int32(live.number))
            ORDER BY generation DESC OFFSET 1
            """)
        for row in rows {
            try await drop(Generation(projection: projection.name, number: try row.decode(Int.self)), on: connection)
        }
    }

    /// What a killed rebuild left: generations that are being built, with nobody at work.
    private func dropAbandoned(on connection: Connection) async throws {
        let rows = try await connection.execute(
            """
            SELECT generation FROM leftfold.checkpoints
            WHERE projection = \(projection.name.name) AND state = 'building'
                AND coalesce(lease_until, created_at + interval '1 minute') < clock_timestamp()
            """)
        for row in rows {
            try await drop(Generation(projection: projection.name, number: try row.decode(Int.self)), on: connection)
        }
    }

    /// Unless it is live: when the connection broke at the commit of the switch, it may be, and its tables are what queries read.
    func drop(_ generation: Generation, on connection: Connection) async throws {
        if await connection.isInTransaction { return try await dropWithinTransaction(generation, on: connection) }
        try await connection.transaction { try await dropWithinTransaction(generation, on: $0) }
    }

    private func dropWithinTransaction(_ generation: Generation, on connection: Connection) async throws {
        let deleted = try await connection.execute(
            """
            DELETE FROM leftfold.checkpoints WHERE projection = \(generation.projection.name)
                AND generation = \(Int32(generation.number)) AND state <> 'live'
            """
        ).affected
        if deleted == 1 { _ = try await connection.execute("DROP SCHEMA IF EXISTS \(identifier: generation.schema) CASCADE") }
    }
}

/// A rebuild that did not come to its end. The live generation is untouched.
public struct RebuildFailed: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "rebuilding \(projection) failed: \(reason)" }
}
