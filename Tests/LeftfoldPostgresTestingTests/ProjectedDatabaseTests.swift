import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@Suite("A projection on a lent database") struct ProjectedDatabaseTests {
    @Test("applies the given events before its tables are asked, and they are what the log says")
    func applies() async throws {
        try await TestDatabase.with(projecting: Totals()) { totals in
            let id = UUID()
            try await totals.given(.counted(by: 2), .counted(by: 3), in: StreamID<Counter>(id))
            var total = try await totals.query("SELECT total FROM totals WHERE id = \(id)").first?.decode(Int.self)
            #expect(total == 5)
            try await totals.given(.counted(by: 1), in: StreamID<Counter>(id))
            total = try await totals.query("SELECT total FROM totals WHERE id = \(id)").first?.decode(Int.self)
            #expect(total == 6)
            #expect(try await totals.verify())
        }
    }

    @Test("says at which event it stopped, and why")
    func stops() async throws {
        try await TestDatabase.with(projecting: Totals()) { totals in
            let position = try await totals.given(.counted(by: 1), .counted(by: 1000), in: StreamID<Counter>(UUID()))
            let error = try #require(
                await #expect(throws: ProjectionStopped.self) { try await totals.query("SELECT total FROM totals") })
            #expect(error.position == position && error.reason.contains("totals_total_check"))
        }
    }

    /// What an announcement shortens must not depend on it.
    @Test("goes on when no notification ever arrives")
    func withoutNotifications() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let proxy = try CuttingProxy(to: configuration)
            defer { proxy.stop() }
            proxy.add(.drop(.notificationResponse))
            try await LeftfoldDatabase(proxy.configuration, logger: TestDatabase.quiet).projecting(Totals()) { totals in
                for number in 1...3 {
                    try await totals.given(.counted(by: number), in: StreamID<Counter>(UUID()))
                    #expect(try await totals.query("SELECT total FROM totals").count == number)
                }
            }
            try await eventually("there was something to lose") { proxy.sightings.contains { $0.outcome == .dropped } }
        }
    }
}
