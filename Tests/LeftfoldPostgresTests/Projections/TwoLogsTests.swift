import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// A log is a schema: two of one database share nothing.
@Suite struct TwoLogsTests {
    private func withTwoLogs(_ body: @escaping (LeftfoldDatabase, LeftfoldDatabase) async throws -> Void) async throws {
        try await TestDatabase.withEmpty { configuration in
            for log: LogName in ["north", "south"] { _ = try await Migrator(configuration, log: log).migrate() }
            let north = LeftfoldDatabase(configuration, log: "north", readSchema: "north_views", logger: TestDatabase.quiet)
            let south = LeftfoldDatabase(configuration, log: "south", readSchema: "south_views", logger: TestDatabase.quiet)
            try await north.running { north in try await south.running { south in try await body(north, south) } }
        }
    }

    @Test("Positions, journal, claims, command ids and projections of two logs are their own")
    func apart() async throws {
        try await withTwoLogs { north, south in
            try await north.projecting(Ledger()) {
                try await south.projecting(Ledger()) {
                    let (stream, id) = (try Note.stream("same"), UUID.ordered())
                    let claims = ClaimChanges(released: [], taken: [Claim("email", "ada@example.com")])
                    for database in [north, south] {
                        let answer = try await database.store.append(Note.append(to: stream, expected: .noStream, id: id, claims: claims))
                        #expect(answer.isAppended)
                    }
                    try await north.note(2)
                    #expect(try await north.store.head() == 3)
                    #expect(try await south.store.head() == 1)
                    #expect(try await north.store.journal(JournalFilter()).count == 3)
                    #expect(try await south.store.journal(JournalFilter()).count == 1)
                    #expect(try await south.store.holders(of: claims.taken).values.map(\.rawValue) == [stream.rawValue])
                    try await eventually("both are projected") {
                        let (of, south) = (try await north.ledger(), try await south.ledger())
                        return of == [1, 2, 3] && south == [1]
                    }
                }
            }
        }
    }

    @Test("What is announced of one log does not reach those who listen to the other")
    func channels() async throws {
        try await withTwoLogs { north, south in
            try await eventually("both listen") {
                // An announcement that comes proves it; so they are sent until both have come.
                try await north.note(1)
                try await south.note(1)
                return north.announcements.mark(of: .log) > 0 && south.announcements.mark(of: .log) > 0
            }
            try await north.note(20)
            let head = try await north.store.head()
            try await eventually("the north was told") { north.announcements.mark(of: .log) == head.rawValue }
            // One connection hears in order: what the south is told now came after all that the north was told.
            try await south.note(1)
            let end = try await south.store.head()
            #expect(end < head)
            try await eventually("the south was told, and of no more") { south.announcements.mark(of: .log) == end.rawValue }
        }
    }

    @Test("An event that stops a projection in one log does not stop the other's")
    func poison() async throws {
        try await withTwoLogs { north, south in
            try await north.projecting(Ledger(refused: ["bad"])) {
                try await south.projecting(Ledger(refused: ["bad"])) {
                    _ = try await north.store.append(Note.append(to: try Note.stream(), ["bad"]))
                    try await eventually("the north stopped") { try await north.status(Ledger.name)?.failedPosition == 1 }
                    try await south.note(3)
                    try await eventually("the south went on") { try await south.ledger() == [1, 2, 3] }
                    #expect(try await south.status(Ledger.name)?.failure == nil)
                    #expect(try await north.ledger() == [])
                }
            }
        }
    }

    @Test("A rebuild in one log touches nothing of the other")
    func rebuild() async throws {
        try await withTwoLogs { north, south in
            try await north.note(2)
            try await south.note(3)
            for database in [north, south] { _ = try await Rebuild(Ledger(), in: database).run() }
            _ = try await Rebuild(Ledger(), in: north).run()
            #expect(try await north.status(Ledger.name)?.generation == 3)
            #expect(try await south.status(Ledger.name)?.generation == 2)
            #expect(try await south.ledger() == [1, 2, 3])
            #expect(try await Verification(Ledger(), in: south).run().matches)
        }
    }
}
