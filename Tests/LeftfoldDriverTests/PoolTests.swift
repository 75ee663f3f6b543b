import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct PoolTests {
    @Test func lendsReusesAndCounts() async throws {
        let pool = try TestServer.pool(size: 2)
        let first = try await pool.withConnection { connection in
            #expect(pool.statistics.lent == 1)
            return await connection.backendProcessID
        }
        let second = try await pool.withConnection { await $0.backendProcessID }
        #expect(first == second)
        #expect(pool.statistics == Pool.Statistics(size: 2, idle: 1, lent: 0, opening: 0, waiting: 0))
        #expect(try await pool.execute("SELECT 1").count == 1)
        #expect(try await pool.withTransaction { try await $0.value("SELECT 2", as: Int.self) } == 2)
        await pool.shutdown()
    }

    @Test func theLineIsServedInOrder() async throws {
        let pool = try TestServer.pool(size: 1)
        let order = Shared<[Int]>([])
        try await pool.withConnection { _ in }
        let tasks = try await pool.withConnection { _ in
            var tasks: [Task<Void, any Error>] = []
            for index in 0..<20 {
                tasks.append(Task { try await pool.withConnection { _ in order.withLock { $0.append(index) } } })
                try await eventually("queued") { pool.statistics.waiting == index + 1 }
            }
            return tasks
        }
        for task in tasks { try await task.value }
        #expect(order.withLock { $0 } == Array(0..<20))
        await pool.shutdown()
    }

    @Test func waitingEndsInTime() async throws {
        let pool = try TestServer.pool(size: 1, acquireTimeout: .milliseconds(300))
        try await pool.withConnection { _ in
            let error = try await postgresError { try await pool.execute("SELECT 1") }
            #expect(error.kind == .poolExhausted)
            let cancelled = Task { try await pool.execute("SELECT 1") }
            cancelled.cancel()
            let other = try await postgresError { _ = try await cancelled.value }
            #expect(other.kind == .cancelled)
        }
        #expect(pool.statistics.waiting == 0)
        #expect(try await pool.execute("SELECT 1").count == 1)
        await pool.shutdown()
    }

    @Test func unsoundConnectionsAreNotLentAgain() async throws {
        let pool = try TestServer.pool(size: 1)
        let first = try await pool.withConnection { connection in
            try await connection.execute(script: "BEGIN")
            return await connection.backendProcessID
        }
        #expect(pool.statistics.idle == 0, "left inside a transaction")
        let second = try await pool.withConnection { connection in
            _ = try? await connection.execute("SELECT pg_sleep(60)::text", timeout: .milliseconds(20))
            return await connection.backendProcessID
        }
        let third = try await pool.withConnection { await $0.backendProcessID }
        #expect(Set([first, second, third]).count == 3)
        await pool.shutdown()
    }

    @Test func aConnectionKilledWhileIdleIsReplaced() async throws {
        let pool = try TestServer.pool(size: 1)
        let observer = try await TestServer.connect()
        for _ in 0..<5 {
            let pid = try await pool.withConnection { await $0.backendProcessID }
            try await observer.execute("SELECT pg_terminate_backend(\(pid), 5000)")
            #expect(try await pool.execute("SELECT 1").count == 1)
        }
        await pool.shutdown()
        await observer.close()
    }

    @Test func shutdownWaitsForTheLent() async throws {
        let pool = try TestServer.pool(size: 1)
        let started = Shared(false)
        let user = Task {
            try await pool.withConnection { connection in
                started.withLock { $0 = true }
                try await eventually("shut down") { pool.isClosed }
                return try await connection.value("SELECT 1", as: Int.self)
            }
        }
        try await eventually("lent") { started.withLock { $0 } }
        let waiter = Task { try await pool.execute("SELECT 1") }
        try await eventually("queued") { pool.statistics.waiting == 1 }
        await pool.shutdown()
        #expect(pool.statistics.lent == 0)
        #expect(try await user.value == 1)
        #expect(try await postgresError { _ = try await waiter.value }.kind == .poolClosed)
        #expect(try await postgresError { try await pool.execute("SELECT 1") }.kind == .poolClosed)
        await pool.shutdown()
    }

    /// As what it is, and not as a pool that has nothing to lend: nobody waits for the acquire timeout.
    @Test func aDeadServerIsReportedToAllCallers() async throws {
        let pool = Pool(
            try ConnectionConfiguration("host=/nowhere dbname=x"), size: 4, acquireTimeout: .seconds(120), logger: TestServer.quiet)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    do throws(PostgresError) {
                        try await pool.execute("SELECT 1")
                        Issue.record("there is no server")
                    } catch {
                        #expect(error.kind == .connectionFailed)
                    }
                }
            }
        }
        await pool.shutdown()
    }

    @Test func manyCallersOnFewConnections() async throws {
        let pool = try TestServer.pool(size: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<64 {
                group.addTask {
                    for round in 0..<20 {
                        let value = caller * 1000 + round
                        let back = try #require(await pool.execute("SELECT \(value)").first).decode(Int.self)
                        guard back == value else { throw CancellationError() }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.statistics.lent == 0 && pool.statistics.idle <= 4)
        await pool.shutdown()
    }
}
