import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct InterruptTests {
    private func sleepers(_ observer: Connection, _ mark: String) async throws -> Int {
        try await observer.value(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE \("%" + mark + "%") AND wait_event = 'PgSleep'", as: Int.self)
    }

    @Test("A statement that times out is cancelled on the server, and its connection closed")
    func timeout() async throws {
        let observer = try await TestServer.connect()
        // A busy machine may answer too late; then its answer is not known.
        for attempt in 1...20 {
            let connection = try await TestServer.connect()
            let error = try await postgresError {
                try await connection.execute("SELECT pg_sleep(60)::text AS mark_a", timeout: .milliseconds(50))
            }
            #expect(error.kind == .timeout)
            #expect(await !connection.isUsable)
            if error.outcomeUnknown, attempt < 20 { continue }
            #expect(!error.outcomeUnknown)
            break
        }
        try await eventually("the server was told") { try await sleepers(observer, "mark_a") == 0 }
        await observer.close()
    }

    @Test("A statement that is abandoned goes on at the server, and its outcome is unknown")
    func abandon() async throws {
        let connection = try await TestServer.connect()
        let observer = try await TestServer.connect()
        let pid = await connection.backendProcessID
        let error = try await postgresError {
            try await connection.execute("SELECT pg_sleep(60)::text AS mark_b", timeout: .milliseconds(200), onTimeout: .abandon)
        }
        #expect(error.kind == .timeout && error.outcomeUnknown)
        #expect(await !connection.isUsable)
        #expect(try await sleepers(observer, "mark_b") == 1, "no cancel was sent")
        try await observer.execute("SELECT pg_terminate_backend(\(pid))")
        await observer.close()
    }

    @Test("A cancelled task treats its statement by the policy", arguments: [InterruptPolicy.cancel, .abandon])
    func cancellation(_ policy: InterruptPolicy) async throws {
        let connection = try await TestServer.connect()
        let observer = try await TestServer.connect()
        let (pid, mark) = (await connection.backendProcessID, "mark_c\(policy)")
        let task = Task { try await connection.execute("SELECT pg_sleep(60)::text AS \(unsafe: mark)", onTimeout: policy) }
        try await eventually("sleeps") { try await sleepers(observer, mark) == 1 }
        task.cancel()
        let error = try await postgresError { _ = try await task.value }
        #expect(error.kind == .cancelled && error.outcomeUnknown == (policy == .abandon))
        #expect(await !connection.isUsable)
        try await observer.execute("SELECT pg_terminate_backend(\(pid))")
        await observer.close()
    }

    @Test("A task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        let connection = try await TestServer.connect()
        let error = try await postgresError {
            try await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await connection.execute("SELECT 1")
            }.value
        }
        #expect(error.kind == .cancelled && !error.outcomeUnknown)
        #expect(await connection.isUsable, "nothing was sent, so nothing is broken")
        await connection.close()
    }

    @Test("Pipelines, streams and copies time out, too")
    func others() async throws {
        let first = try await TestServer.connect()
        let pipeline = try await postgresError {
            try await first.pipeline(["SELECT 1", "SELECT pg_sleep(60)::text"], timeout: .milliseconds(50))
        }
        #expect(pipeline.kind == .timeout)
        #expect(await !first.isUsable)
        let second = try await TestServer.connect()
        let stream = try await postgresError {
            try await second.stream("SELECT pg_sleep(60)::text", timeout: .milliseconds(50)) { _ in }
        }
        #expect(stream.kind == .timeout)
        #expect(await !second.isUsable)
        let third = try await TestServer.connect()
        let endless = try await postgresError {
            try await third.stream("SELECT generate_series(1, 1000000000)", timeout: .milliseconds(100)) { _ in }
        }
        #expect(endless.kind == .timeout, "a server that never stops sending does not outlast the deadline")
        let fourth = try await TestServer.connect()
        let copy = try await postgresError {
            try await fourth.copyOut("COPY (SELECT pg_sleep(60)) TO STDOUT", timeout: .milliseconds(50)) { _ in }
        }
        #expect(copy.kind == .timeout)
        #expect(await !fourth.isUsable)
    }

    @Test("A stream ends when its task is cancelled")
    func stream() async throws {
        let connection = try await TestServer.connect()
        let error = try await postgresError {
            try await Task {
                var count = 0
                try await connection.stream("SELECT generate_series(1, 1000000000)") { _ in
                    count += 1
                    if count == 1000 { withUnsafeCurrentTask { $0?.cancel() } }
                }
            }.value
        }
        #expect(error.kind == .cancelled)
        #expect(await !connection.isUsable)
    }
}
