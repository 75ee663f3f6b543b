import Foundation
import HTTPTypes
import HummingbirdTesting
import Leftfold
import LeftfoldTesting
import Logging
import NIOCore
import Synchronization
import Testing

@testable import LeftfoldHTTP

/// Who goes and who is told to come back when there are too many.
@Suite("A crowd", .timeLimit(.minutes(10))) struct CrowdTests {
    private func configuration(_ maximum: Int, perAddress: Int? = nil) -> EdgeConfiguration {
        var configuration = EdgeConfiguration()
        (configuration.maximumConnections, configuration.maximumConnectionsPerAddress) = (maximum, perAddress)
        (configuration.headerDeadline, configuration.requestDeadline, configuration.idleTimeout) = (
            .seconds(300), .seconds(300), .seconds(300)
        )
        return configuration
    }

    private static let open = "GET /open HTTP/1.1\r\nHost: x\r\n\r\n"

    private func held(_ service: Service, as token: String? = nil) -> String {
        "GET /held HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token ?? service.token)\r\n\r\n"
    }

    /// A client that was answered once.
    private func answered(_ port: Int, from source: String? = nil) async throws -> RawClient {
        let client = try await RawClient.open(port: port, from: source)
        client.send(Self.open)
        try await client.answers()
        #expect(client.statuses == [200])
        return client
    }

    @Test func theOldestIdleGoesFirst() async throws {
        let service = try await Service(configuration: configuration(8))
        try await service.running { port in
            var clients: [RawClient] = []
            for _ in 1...8 { clients.append(try await answered(port)) }
            // Was idle the longest, and now the shortest.
            clients[0].send(Self.open)
            try await clients[0].answers(2)
            let late = [try await answered(port), try await answered(port)]
            for gone in clients[1...2] { try await gone.ends() }
            #expect(clients[1...2].allSatisfy { $0.statuses == [200] }, "nothing is said to who asked for nothing")
            for (client, count) in [(clients[0], 3)] + (clients[3...] + late).map({ ($0, 2) }) {
                client.send(Self.open)
                try await client.answers(count)
            }
        }
    }

    @Test func idleOnesGoBeforeHeadersAndHeadersBeforeBodies() throws {
        let book = ConnectionBook(maximum: 8, maximumPerAddress: nil)
        let gone = Mutex<[String]>([])
        let start = NIODeadline.now() - .seconds(100)
        func open(_ name: String, _ phase: ConnectionBook.Phase, after seconds: Int64, bytes: Int = 0) -> ConnectionBook.Member? {
            guard case .admitted(let member) = book.open(ClientAddress(nil), leave: { gone.withLock { $0.append(name) } }) else {
                return nil
            }
            member.enter(phase, at: start + .seconds(seconds))
            member.took(bytes)
            return member
        }
        _ = open("worker", .working, after: 0)
        _ = open("slow body", .body, after: 10, bytes: 900)
        _ = open("slower body", .body, after: 20, bytes: 10)
        _ = open("young header", .header, after: 30)
        _ = open("old header", .header, after: 5)
        _ = open("closing", .closing, after: 40)
        _ = open("young idle", .idle, after: 50)
        let oldest = try #require(open("old idle", .idle, after: 1))
        let order = ["old idle", "young idle", "closing", "old header", "young header", "slower body", "slow body"]
        for (count, _) in order.enumerated() {
            #expect(open("late worker", .working, after: 90) != nil)
            #expect(gone.withLock { $0 } == Array(order.prefix(count + 1)))
        }
        #expect(open("too late", .working, after: 95) == nil)
        #expect(gone.withLock { $0 } == order)
        // Whoever closes leaves a place; whoever was at work when it was told to go, and stays, does not.
        #expect(book.count == 16)
        book.close(oldest)
        #expect(open("too late", .working, after: 95) == nil)
    }

    @Test func whoDoesSomethingMeanwhileIsNotTheOneToGo() throws {
        let book = ConnectionBook(maximum: 3, maximumPerAddress: nil)
        let gone = Mutex<[Int]>([])
        var members: [ConnectionBook.Member] = []
        func open(_ name: Int) -> Bool {
            guard case .admitted(let member) = book.open(ClientAddress(nil), leave: { gone.withLock { $0.append(name) } }) else {
                return false
            }
            members.append(member)
            return true
        }
        for name in 0..<3 { #expect(open(name)) }
        // All three are known as those who go next; then the second goes to work.
        #expect(open(3))
        members[1].enter(.working)
        #expect(open(4))
        #expect(gone.withLock { $0 } == [0, 2])
        // One that is spared keeps its place.
        book.spare(members[2])
        members[2].enter(.working)
        for member in members { member.enter(.working) }
        #expect(!open(5))
    }

    @Test func theBookIsBoundedWhoeverComes() {
        let book = ConnectionBook(maximum: 100, maximumPerAddress: nil)
        for _ in 1...10_000 { _ = book.open(ClientAddress(nil), leave: {}) }
        #expect(book.count == 110)
    }

    @Test func whoIsAtWorkNeverGoes() async throws {
        let service = try await Service(configuration: configuration(8))
        try await service.running { port in
            var workers: [RawClient] = []
            for count in 1...8 {
                workers.append(try await RawClient.open(port: port))
                workers.last?.send(held(service))
                try await eventually("it is at work") { service.latch.count == count }
            }
            for _ in 1...3 {
                let late = try await RawClient.open(port: port)
                try await late.ends()
                #expect(late.statuses == [503])
                #expect(late.text.contains("overloaded") && late.text.lowercased().contains("retry-after: 1\r\n"))
            }
            service.latch.open()
            for worker in workers {
                try await worker.answers()
                #expect(worker.statuses == [200])
            }
        }
    }

    @Test func aCrowdOfSilentOnesShutsNobodyOut() async throws {
        let service = try await Service(configuration: configuration(50))
        try await service.running { port in
            var crowd: [RawClient] = []
            for number in 1...400 {
                crowd.append(try await RawClient.open(port: port))
                if number.isMultiple(of: 2) { crowd.last?.send("GET /open HTTP/1.1\r\nHost: ") }
                if number.isMultiple(of: 50) { _ = try await answered(port) }
            }
            try await eventually("most are gone") { crowd.count { $0.isClosed } >= 300 }
        }
    }

    #if os(Linux)
        // Elsewhere 127.0.0.1 is the only address of its network.
        @Test func oneAddressCannotTakeThePlacesOfOthers() async throws {
            let service = try await Service(configuration: configuration(100, perAddress: 4))
            try await service.running { port in
                let others = [try await answered(port, from: "127.0.0.2"), try await answered(port, from: "127.0.0.3")]
                var greedy: [RawClient] = []
                for _ in 1...12 { greedy.append(try await answered(port)) }
                for gone in greedy.prefix(8) { try await gone.ends() }
                for client in greedy.suffix(4) + others {
                    client.send(Self.open)
                    try await client.answers(2)
                }
            }
        }
    #endif

    @Test func sitesOfIPv6CountAsOne() throws {
        func address(_ text: String) throws -> ClientAddress { ClientAddress(try SocketAddress(ipAddress: text, port: 1)) }
        #expect(try address("2001:db8:1:2::1") == address("2001:db8:1:2:ffff:ffff:ffff:ffff"))
        #expect(try address("2001:db8:1:2::1") != address("2001:db8:1:3::1"))
        #expect(try address("192.0.2.1") == address("::ffff:192.0.2.1"))
        #expect(try address("192.0.2.1") != address("192.0.2.2"))
        #expect(try address("::") != address("0.0.0.0"))
    }

    @Test func healthIsAnsweredBesideACrowd() async throws {
        let service = try await Service(configuration: configuration(2))
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        var monitoring = EdgeConfiguration(port: 0)
        monitoring.maximumConnections = 4
        let admin = MonitoringEdge(
            metrics: service.metrics, configuration: monitoring, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { told.yield($0) }
        try await service.running { port in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await admin.run() }
                defer { group.cancelAll() }
                for await adminPort in ports {
                    for count in 1...2 {
                        try await RawClient.open(port: port).send(held(service))
                        try await eventually("it is at work") { service.latch.count == count }
                    }
                    let late = try await RawClient.open(port: port)
                    try await late.ends()
                    #expect(late.statuses == [503])
                    for path in ["/health/live", "/health/ready", "/metrics"] {
                        let client = try await RawClient.open(port: adminPort)
                        client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                        try await client.answers()
                        #expect(client.statuses == [200])
                    }
                    break
                }
            }
        }
    }

    @Test func healthCanBeKeptOffThePortOfClients() async throws {
        var configuration = EdgeConfiguration()
        configuration.answersHealth = false
        let service = try await Service(configuration: configuration)
        for path in ["/health/live", "/health/ready", "/metrics"] {
            #expect(try await service.send(.get, path).status == .notFound)
        }
    }

    // MARK: Requests

    @Test func onePrincipalHasOnlySoMuchUnderWay() async throws {
        var configuration = EdgeConfiguration()
        (configuration.limits.perPrincipal, configuration.limits.running) = (2, 3)
        let service = try await Service(configuration: configuration)
        let other = try service.issuer.issue(subject: "bob", roles: ["writer"])
        let sameNameElsewhere = try service.issuer.issue(subject: "ada", roles: ["writer"], tenant: "elsewhere")
        try await service.running { port in
            func ask(_ token: String, _ path: String = "/whoami") async throws -> String {
                let client = try await RawClient.open(port: port)
                client.send("GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n")
                try await client.answers()
                return client.text
            }
            for count in 1...2 {
                try await RawClient.open(port: port).send(held(service))
                try await eventually("it is at work") { service.latch.count == count }
            }
            let refused = try await ask(service.token)
            #expect(refused.statuses == [429])
            #expect(refused.contains("too_many_requests") && refused.lowercased().contains("retry-after: 1\r\n"))
            #expect(try await ask(other).statuses == [200])
            #expect(try await ask(sameNameElsewhere).statuses == [200])
            try await RawClient.open(port: port).send(held(service, as: other))
            try await eventually("it is at work") { service.latch.count == 3 }
            let overloaded = try await ask(other)
            #expect(overloaded.statuses == [503])
            #expect(overloaded.contains(#""code":"overloaded""#) && overloaded.lowercased().contains("retry-after: 1\r\n"))
            #expect(try await ask(other, "/health/live").statuses == [200])
            service.latch.open()
            try await eventually("there is room again") { try await ask(service.token).statuses == [200] }
            #expect(try await service.store.journal(JournalFilter()).isEmpty)
        }
    }

    @Test func onePrincipalHasARate() async throws {
        var configuration = EdgeConfiguration()
        (configuration.limits.rate, configuration.limits.burst) = (0.001, 2)
        let service = try await Service(configuration: configuration)
        // One application: each has its own ledger.
        try await service.running { port in
            let client = try await RawClient.open(port: port)
            for count in 1...3 {
                client.send("GET /whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\n\r\n")
                try await client.answers(count)
            }
            #expect(client.statuses == [200, 200, 429])
            let wait = try #require(client.text.lowercased().firstMatch(of: /retry-after: (\d+)/))
            #expect((1...1000).contains(Int(wait.output.1) ?? 0))
        }
    }

    @Test func aBucketFillsAgain() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(full: 2, at: start)
        func take(after seconds: Double) -> Duration? { bucket.take(rate: 0.5, burst: 2, at: start + .seconds(seconds)) }
        #expect(take(after: 0) == nil)
        #expect(take(after: 0) == nil)
        #expect(take(after: 0) == .seconds(2))
        #expect(take(after: 1) == .seconds(1))
        #expect(take(after: 2) == nil)
        // No more than the burst is saved, and a clock that stands still gives nothing.
        for _ in 1...2 { #expect(take(after: 100) == nil) }
        #expect(take(after: 100) == .seconds(2))
    }

    @Test func whatIsKnownOfPrincipalsIsBounded() {
        var limits = RequestLimits()
        (limits.rate, limits.burst, limits.perPrincipal) = (0.001, 1, 10)
        let ledger = RequestLedger(limits, capacity: 100)
        func account(_ number: Int) -> RequestLedger.Account { .init(Principal(subject: "p\(number)")) }
        let busy = (0..<5).map { account(-$0 - 1) }
        for account in busy { #expect(ledger.enter(account) == .admitted) }
        for number in 0..<10_000 {
            #expect(ledger.enter(account(number)) == .admitted)
            ledger.leave(account(number))
            #expect(ledger.count <= 105)
            // Who asked lately is remembered, and has used up what it had.
            if case .tooFast = ledger.enter(account(number)) {} else { Issue.record("\(number) was forgotten at once") }
        }
        for account in busy {
            if case .tooFast = ledger.enter(account) {} else { Issue.record("somebody at work was forgotten") }
        }
    }

    private final class Counts: Sendable {
        let state = Mutex((reading: 0, working: 0, mostReading: 0, mostWorking: 0))
    }

    @Test func largeBodiesComeInTurn() async throws {
        let bodies = LargeBodies(above: 10, reading: 3, working: 1, patience: .seconds(60))
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...50 {
                group.addTask {
                    let visit = LargeBodies.Visit(bodies)
                    defer { visit.leave() }
                    try await visit.read()
                    counts.state.withLock {
                        $0.reading += 1
                        $0.mostReading = max($0.mostReading, $0.reading)
                    }
                    await Task.yield()
                    try await visit.work()
                    counts.state.withLock {
                        $0.working += 1
                        $0.mostWorking = max($0.mostWorking, $0.working)
                    }
                    await Task.yield()
                    counts.state.withLock {
                        $0.reading -= 1
                        $0.working -= 1
                    }
                }
            }
            try await group.waitForAll()
        }
        let most = counts.state.withLock { $0 }
        #expect(most.mostReading <= 3 && most.mostWorking == 1)

        let impatient = LargeBodies(above: 10, reading: 1, working: 1, patience: .milliseconds(1))
        let (first, second) = (LargeBodies.Visit(impatient), LargeBodies.Visit(impatient))
        try await first.read()
        await #expect(throws: Overloaded.self) { try await second.read() }
        second.leave()
        first.leave()
        try await second.read()
    }

    @Test func aLargeBodyWithoutATurnMayComeAgain() async throws {
        var configuration = EdgeConfiguration()
        (configuration.largeBodiesRead, configuration.requestDeadline, configuration.bodyGrace) = (1, .seconds(16), .seconds(60))
        let service = try await Service(configuration: configuration)
        let head =
            "POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n"
        try await service.running { port in
            // It is told to go on when it has the only place, and keeps it.
            let first = try await RawClient.open(port: port)
            first.send(head + "Expect: 100-continue\r\n\r\n")
            try await first.answers()
            #expect(first.statuses == [100])
            let second = try await RawClient.open(port: port)
            second.send(head + "\r\n" + String(repeating: " ", count: 100_000))
            try await second.answers()
            #expect(second.statuses == [503] && second.text.contains("\"overloaded\"") && second.text.contains("Retry-After: 1"))
            #expect(try await service.store.journal(JournalFilter()).isEmpty)
            first.close()
            second.close()
        }
    }

    @Test("A large body keeps its place for as long as it is taken apart, and not while its answer is waited for")
    func largeBodiesDoNotWaitForAnswers() async throws {
        let service = try await Service()
        func request(_ path: String, _ body: String) -> String {
            "POST \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
        let blanks = String(repeating: " ", count: 100_000)
        try await service.running { port in
            var held: [RawClient] = []
            for _ in 1...3 {
                let client = try await RawClient.open(port: port)
                client.send(request("/queries/HoldNotes", "{\(blanks)}"))
                held.append(client)
            }
            for (path, body) in [("/queries/ListNotes", "{\(blanks)}"), ("/notes", #"{"title":"a"\#(blanks)}"#)] {
                let client = try await RawClient.open(port: port)
                client.send(request(path, body))
                try await client.answers()
                #expect(client.statuses == [path == "/notes" ? 201 : 200])
                client.close()
            }
            let areHeld = held.allSatisfy { $0.statuses.isEmpty }
            #expect(areHeld)
            service.latch.open()
            for client in held {
                try await client.answers()
                #expect(client.statuses == [200])
                client.close()
            }
        }
    }

    @Test func aLargeBodyIsReadWhole() async throws {
        let title = String(repeating: "x", count: 300_000)
        let body = #"{"title":"\#(title)"}"#
        let head =
            "POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\nConnection: close\r\n"
        let chunked = "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        for request in [head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body, head + "Transfer-Encoding: chunked\r\n\r\n" + chunked] {
            let service = try await Service()
            let request = request.replacing("TOKEN", with: service.token)
            let text = try await service.running { try await RawConnection.exchange(port: $0, [request]) }
            #expect(text.statuses == [201], "\(text.prefix(500))")
        }
    }
}
