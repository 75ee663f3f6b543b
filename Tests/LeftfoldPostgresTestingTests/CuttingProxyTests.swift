import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@Suite("A proxy that cuts") struct CuttingProxyTests {
    /// A connection through a proxy to a database of its own.
    private func through(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }, encryption: CuttingProxy.Encryption = .refused,
        _ body: (CuttingProxy, Connection) async throws -> Void
    ) async throws {
        try await TestDatabase.withEmpty { configuration in
            let proxy = try CuttingProxy(to: configuration, encryption: encryption)
            defer { proxy.stop() }
            var ours = proxy.configuration
            change(&ours)
            let connection = try await Connection.connect(ours, logger: TestDatabase.quiet)
            try await body(proxy, connection)
            await connection.close()
        }
    }

    private func error(_ body: () async throws -> Void) async throws -> PostgresError {
        try #require(await #expect(throws: PostgresError.self) { try await body() })
    }

    // MARK: What is not hurt

    @Test("passes everything on: prepared, simple, in a pipeline, by COPY, large", arguments: [CuttingProxy.Encryption.refused, .passed])
    func passes(encryption: CuttingProxy.Encryption) async throws {
        try await through(encryption: encryption) { proxy, connection in
            try await connection.execute(script: "CREATE TABLE t (n bigint, x text); LISTEN something")
            _ = try await connection.copyIn("COPY t FROM STDIN") { copy in
                for number in 0..<5000 { try await copy.write("\(number)\t\(String(repeating: "x", count: 100))\n") }
            }
            #expect(try await connection.execute("SELECT n, x FROM t").count == 5000)
            let rows = try await connection.pipeline((0..<300).map { "SELECT n FROM t WHERE n = \(Int64($0))" })
            #expect(rows.count == 300)
            let long = String(repeating: "y", count: 3_000_000)
            #expect(try await connection.execute("SELECT \(long)").first?.decode(String.self) == long)
            #expect(Set(proxy.sightings.map(\.outcome)) == [.passed])
            let seen = Set(proxy.sightings.map(\.type))
            let expected: Set<MessageType> = [
                .startup, .authentication, .parameterStatus, .backendKeyData, .query, .parse, .bind, .describe, .execute, .sync,
                .copyInResponse, .copyDataIn, .copyDoneIn, .parseComplete, .bindComplete, .rowDescription, .dataRow, .commandComplete,
                .readyForQuery,
            ]
            #expect(seen.isSuperset(of: expected), "missing: \(expected.subtracting(seen))")
        }
    }

    @Test("tells one connection from another by name and number")
    func names() async throws {
        try await through({ $0.applicationName = "first" }) { proxy, connection in
            var other = proxy.configuration
            other.applicationName = "second"
            let second = try await Connection.connect(other, logger: TestDatabase.quiet)
            proxy.add(.cut(.after(.execute), application: "second"))
            try await connection.execute("SELECT 1")
            #expect(try await error { try await second.execute("SELECT 1") }.kind == .connectionLost)
            try await connection.execute("SELECT 1")
            #expect(Set(proxy.sightings.map(\.connection)) == [1, 2])
            #expect(proxy.sightings.filter { $0.outcome == .cut }.map(\.application) == ["second"])
            await second.close()
        }
    }

    @Test("passes a request to cancel on, which comes on a connection of its own")
    func cancels() async throws {
        try await through { proxy, connection in
            let error = try await error { try await connection.execute("SELECT pg_sleep(60)", timeout: .milliseconds(50)) }
            #expect(error.kind == .timeout)
            try await eventually("the request was met") { proxy.sightings.contains { $0.type == .cancelRequest } }
        }
    }

    // MARK: Cuts

    @Test("between CommandComplete and ReadyForQuery: stored, and nobody was told")
    func committed() async throws {
        try await through { proxy, connection in
            try await connection.execute("CREATE TABLE t (n bigint)")
            try await connection.execute("INSERT INTO t VALUES (\(Int64(1)))")
            proxy.add(.cut(.after(.commandComplete)))
            let error = try await error { try await connection.execute("INSERT INTO t VALUES (\(Int64(2)))") }
            #expect(error.outcomeUnknown)
            let again = try await Connection.connect(proxy.configuration, logger: TestDatabase.quiet)
            #expect(try await again.execute("SELECT n FROM t").count == 2)
            await again.close()
        }
    }

    @Test("between Execute and Sync: not stored")
    func notCommitted() async throws {
        try await through { proxy, connection in
            try await connection.execute("CREATE TABLE t (n bigint)")
            proxy.add(.cut(.after(.execute)))
            #expect(try await error { try await connection.execute("INSERT INTO t VALUES (\(Int64(1)))") }.kind == .connectionLost)
            let again = try await Connection.connect(proxy.configuration, logger: TestDatabase.quiet)
            let others: SQL = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            try await eventually("the server has noticed") { try await again.execute(others).isEmpty }
            #expect(try await again.execute("SELECT n FROM t").isEmpty)
            await again.close()
        }
    }

    @Test("at the occurrence that was asked for, inside a message", arguments: [MessageType.sync, .dataRow, .bind])
    func inside(type: MessageType) async throws {
        try await through { proxy, connection in
            try await connection.execute("SELECT \(Int64(1))")
            proxy.add(.cut(.inside(type), occurrence: 3))
            try await connection.execute("SELECT \(Int64(2))")
            try await connection.execute("SELECT \(Int64(3))")
            #expect(try await error { try await connection.execute("SELECT \(Int64(4))") }.kind == .connectionLost)
            #expect(proxy.sightings.filter { $0.outcome == .cut }.map(\.type) == [type])
        }
    }

    // MARK: Silence, delay, refusal, loss

    @Test("can go silent with the sockets open, and heal with nothing lost")
    func silence() async throws {
        try await through { proxy, connection in
            try await connection.execute("CREATE TABLE t (n bigint)")
            proxy.add(.silence(.after(.execute)))
            let insert = Task { try await connection.execute("INSERT INTO t VALUES (1)").affected }
            try await eventually("it is silent") { proxy.sightings.contains { $0.outcome == .silenced } }
            let other = try await Connection.connect(proxy.configuration, logger: TestDatabase.quiet)
            let waiting: SQL = """
                SELECT 1 FROM pg_locks WHERE relation = 't'::regclass AND mode = 'RowExclusiveLock' AND granted
                """
            try await eventually("the server has begun, and waits for Sync") { try await other.execute(waiting).count == 1 }
            #expect(try await other.execute("SELECT n FROM t").isEmpty)
            proxy.heal()
            #expect(try await insert.value == 1)
            #expect(try await other.execute("SELECT n FROM t").count == 1)
            await other.close()
        }
    }

    @Test("can go silent as a whole: who connects then waits, and is served when it heals")
    func silentForAll() async throws {
        try await through { proxy, connection in
            proxy.silence()
            let late = Task { try await Connection.connect(proxy.configuration, logger: TestDatabase.quiet) }
            #expect(
                try await error { try await connection.execute("SELECT 1", timeout: .milliseconds(100), onTimeout: .abandon) }.kind
                    == .timeout)
            proxy.heal()
            let other = try await late.value
            try await other.execute("SELECT 1")
            await other.close()
        }
    }

    @Test("can delay a message")
    func delays() async throws {
        try await through { proxy, connection in
            proxy.add(.delay(.milliseconds(300), .before(.readyForQuery)))
            let start = ContinuousClock.now
            try await connection.execute("SELECT 1")
            #expect(ContinuousClock.now - start >= .milliseconds(300))
        }
    }

    @Test("can refuse connections and keep those there are")
    func refuses() async throws {
        try await through { proxy, connection in
            proxy.refuseConnections()
            #expect(
                try await error { _ = try await Connection.connect(proxy.configuration, logger: TestDatabase.quiet) }.kind
                    == .connectionFailed)
            try await connection.execute("SELECT 1")
            proxy.heal()
            await (try Connection.connect(proxy.configuration, logger: TestDatabase.quiet)).close()
            proxy.cut()
            #expect(try await error { try await connection.execute("SELECT 1") }.isConnectionFailure)
        }
    }

    @Test("can lose notifications and nothing else")
    func losesNotifications() async throws {
        try await through { proxy, connection in
            try await connection.execute(script: "LISTEN something")
            proxy.add(.drop(.notificationResponse, occurrence: 1))
            try await connection.execute("SELECT pg_notify('something', 'lost')")
            try await connection.execute("SELECT pg_notify('something', 'heard')")
            let outcomes = proxy.sightings.filter { $0.type == .notificationResponse }.map(\.outcome)
            #expect(outcomes == [.dropped, .passed])
        }
    }
}
