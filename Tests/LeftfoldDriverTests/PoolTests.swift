import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct PoolTests {
    @Test("A connection that comes back is lent again")
    func reuse() async throws {
        let pool = try TestServer.pool(size: 2)
        let first = try await pool.withConnection { connection in
            #expect(pool.books { $0.lent == 1 })
            return await connection.backendProcessID
        }
        let second = try await pool.withConnection { await $0.backendProcessID }
        #expect(first == second)
        #expect(pool.books { $0.idle.count == 1 && $0.lent == 0 && $0.opening == 0 && $0.waiters == 0 })
        #expect(try await pool.execute("SELECT 1").count == 1)
        await pool.shutdown()
    }

    @Test("Callers get a connection in the order they came")
    func order() async throws {
        let pool = try TestServer.pool(size: 1)
        let order = Shared<[Int]>([])
        try await pool.withConnection { _ in }
        let tasks = try await pool.withConnection { _ in
            var tasks: [Task<Void, any Error>] = []
            for index in 0..<20 {
                tasks.append(Task { try await pool.withConnection { _ in order.withLock { $0.append(index) } } })
                try await eventually("queued") { pool.books { $0.waiters == index + 1 } }
            }
            return tasks
        }
        for task in tasks { try await task.value }
        #expect(order.withLock { $0 } == Array(0..<20))
        await pool.shutdown()
    }

    @Test("Waiting for a connection ends with the acquire timeout or with the task")
    func waiting() async throws {
        let pool = try TestServer.pool(size: 1, acquireTimeout: .milliseconds(300))
        try await pool.withConnection { _ in
            let error = try await postgresError { try await pool.execute("SELECT 1") }
            #expect(error.kind == .poolExhausted)
            let cancelled = Task { try await pool.execute("SELECT 1") }
            cancelled.cancel()
            let other = try await postgresError { _ = try await cancelled.value }
            #expect(other.kind == .cancelled)
        }
        #expect(pool.books { $0.waiters == 0 })
        #expect(try await pool.execute("SELECT 1").count == 1)
        await pool.shutdown()
    }

    @Test("A connection left inside a transaction or timed out is not lent again")
    func unsound() async throws {
        let pool = try TestServer.pool(size: 1)
        let first = try await pool.withConnection { connection in
            try await connection.execute(script: "BEGIN")
            return await connection.backendProcessID
        }
        #expect(pool.books { $0.idle.isEmpty }, "left inside a transaction")
        let second = try await pool.withConnection { connection in
            _ = try? await connection.execute("SELECT pg_sleep(60)::text", timeout: .milliseconds(20))
            return await connection.backendProcessID
        }
        let third = try await pool.withConnection { await $0.backendProcessID }
        #expect(Set([first, second, third]).count == 3)
        await pool.shutdown()
    }

    @Test("A connection killed while it was idle is replaced before it is lent")
    func killed() async throws {
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

    @Test("A shutdown waits for the connections that are lent")
    func shutdown() async throws {
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
        try await eventually("queued") { pool.books { $0.waiters == 1 } }
        await pool.shutdown()
        #expect(pool.books { $0.lent == 0 })
        #expect(try await user.value == 1)
        #expect(try await postgresError { _ = try await waiter.value }.kind == .poolClosed)
        #expect(try await postgresError { try await pool.execute("SELECT 1") }.kind == .poolClosed)
        await pool.shutdown()
    }

    /// As what it is, and not as a pool that has nothing to lend: nobody waits for the acquire timeout.
    @Test("Of a server that cannot be reached all callers hear at once, not after the acquire timeout")
    func unreachable() async throws {
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

    @Test("Many callers share few connections, and each gets its own answers")
    func crowd() async throws {
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
        #expect(pool.books { $0.lent == 0 && $0.idle.count <= 4 })
        await pool.shutdown()
    }
}

extension Pool {
    /// What the pool's books say at this moment.
    fileprivate func books(_ holds: (PoolState<Connection>) -> Bool) -> Bool { state.withLock { holds($0) } }
}
