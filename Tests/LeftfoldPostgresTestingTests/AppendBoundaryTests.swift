import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// An append is cut before, inside and after each message that it takes, from connecting to the answer. Whatever the sender was told must be
/// true, and the same command, sent again with the same id, has one effect and one answer (I1, I2, I10).
@Suite("An append that is cut") struct AppendBoundaryTests {
    private static let application = "cut"

    /// Who sends through the proxy, and gives up at once or goes on for a while.
    private func sender(_ proxy: CuttingProxy, isPatient: Bool) -> LeftfoldDatabase {
        var configuration = proxy.configuration
        configuration.applicationName = Self.application
        var limits = AppendLimits()
        limits.budget = isPatient ? .seconds(10) : .zero
        return LeftfoldDatabase(configuration, poolSize: 1, limits: limits, logger: TestDatabase.quiet)
    }

    /// What an append consists of: on a new connection, or on one that knows the statement.
    private func boundaries(_ database: LeftfoldDatabase, isWarm: Bool) async throws -> [(point: Rule.Point, occurrence: Int)] {
        let proxy = try CuttingProxy(to: database.configuration)
        defer { proxy.stop() }
        let sender = sender(proxy, isPatient: true)
        let commands = counters(on: sender.store)
        if isWarm {
            for _ in 0..<2 { _ = try await commands.send(Count(id: UUID()), context()) }
            proxy.forgetSightings()
        }
        _ = try await commands.send(Count(id: UUID()), context())
        await sender.close()
        let types = proxy.sightings.filter { $0.application.hasSuffix("append") && $0.type != .terminate }.map(\.type)
        var occurrences: [MessageType: Int] = [:]
        return types.flatMap { type -> [(Rule.Point, Int)] in
            occurrences[type, default: 0] += 1
            // One of the dozen settings that a server tells stands for all.
            guard let occurrence = occurrences[type], type != .parameterStatus || occurrence == 1 else { return [] }
            return [.before(type), .inside(type), .after(type)].map { ($0, occurrence) }
        }
    }

    @Test("at any boundary has one effect and one answer", arguments: [false, true], [false, true])
    func everywhere(isWarm: Bool, isPatient: Bool) async throws {
        try await TestDatabase.with { database in
            let boundaries = try await boundaries(database, isWarm: isWarm)
            #expect(boundaries.count >= 24, "Bind, Execute, Sync and their answers at least")
            var told: [String: Int] = [:]
            for (point, occurrence) in boundaries {
                told[try await cut(point, occurrence, isWarm: isWarm, isPatient: isPatient, database).name, default: 0] += 1
            }
            if !isPatient { #expect(told["unknown"] ?? 0 > 0 && told["receipt"] ?? 0 > 0, "there is something to be tried again: \(told)") }
        }
    }

    private func cut(_ point: Rule.Point, _ occurrence: Int, isWarm: Bool, isPatient: Bool, _ database: LeftfoldDatabase) async throws
        -> Told
    {
        let proxy = try CuttingProxy(to: database.configuration)
        defer { proxy.stop() }
        let sender = sender(proxy, isPatient: isPatient)
        let commands = counters(on: sender.store)
        if isWarm { for _ in 0..<2 { _ = try await commands.send(Count(id: UUID()), context()) } }
        proxy.add(.cut(point, occurrence: occurrence, application: "append"))
        let (command, context) = (Count(id: UUID()), context())
        let first = await Told { try await commands.send(command, context) }
        await sender.close()
        #expect(proxy.sightings.contains { $0.outcome == .cut }, "\(point), occurrence \(occurrence), was met")

        // A backend that was cut off finishes what it has read, or undoes it.
        let leftBehind: SQL = """
            SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = \("\(Self.application) append")
            """
        try await eventually("the server is done with it") { try await database.pool.execute(leftBehind).isEmpty }
        let stored = try await database.store.journalEntry(for: context.commandID)
        switch first {
        case .receipt: #expect(stored?.outcome == .accepted, "\(point): acknowledged")
        case .unavailable: #expect(stored == nil, "\(point): it was said that nothing was stored")
        case .unknown: break
        case .other(let error): Issue.record("\(point): \(error)")
        }
        if isPatient, case .receipt = first {} else if isPatient { Issue.record("\(point): not tried again: \(first)") }

        let again = try await counters(on: database.store).send(command, context)
        if case .receipt(let receipt) = first { #expect(again == receipt, "\(point)") }
        #expect(try await counters(on: database.store).send(command, context) == again, "\(point)")
        let events = try await database.store.read(#require(again.stream))
        #expect(events.map(\.commandID) == [context.commandID], "\(point): one effect")
        #expect(events.map(\.position) == [again.position], "\(point)")
        return first
    }

    @Test("at random, many at once, never loses or repeats one", arguments: SeededGenerator.seeds(2))
    func atRandom(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            let sender = sender(proxy, isPatient: false)
            let commands = counters(on: sender.store)
            let points: [(MessageType) -> Rule.Point] = [{ .before($0) }, { .inside($0) }, { .after($0) }]
            let types: [MessageType] = [
                .parse, .bind, .execute, .sync, .parseComplete, .bindComplete, .dataRow, .commandComplete, .readyForQuery,
            ]
            var random = SeededGenerator(seed: seed)
            let sent = (0..<6).map { _ in (0..<25).map { _ in (Count(id: UUID()), context()) } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in sent {
                    group.addTask {
                        for (command, context) in part {
                            var told = await Told { try await commands.send(command, context) }
                            while told.isToBeRepeated { told = await Told { try await commands.send(command, context) } }
                            if case .other(let error) = told { throw error }
                        }
                    }
                }
                for cuts in 1...20 {
                    let point = points[Int.random(in: points.indices, using: &random)]
                    let type = types[Int.random(in: types.indices, using: &random)]
                    proxy.add(.cut(point(type), occurrence: Int.random(in: 1...3, using: &random), application: "append"))
                    let isAnswered: () async throws -> Bool = { try await database.store.head().rawValue == 150 }
                    try await eventually("cut \(cuts) was made, or nothing is left to cut") {
                        if proxy.sightings.filter({ $0.outcome == .cut }).count >= cuts { return true }
                        return try await isAnswered()
                    }
                }
                proxy.heal()
                try await group.waitForAll()
            }
            await sender.close()
            let log = try await database.store.read(after: .zero, limit: 1000)
            #expect(log.count == 150)
            #expect(Set(log.map(\.commandID)) == Set(sent.joined().map(\.1.commandID)))
        }
    }
}

/// What the sender of a command was told.
private enum Told: Sendable {
    case receipt(Receipt)
    case unknown
    case unavailable
    case other(any Error)

    init(_ send: () async throws -> Receipt) async {
        do {
            self = .receipt(try await send())
        } catch is OutcomeUnknown {
            self = .unknown
        } catch is Unavailable {
            self = .unavailable
        } catch {
            self = .other(error)
        }
    }

    var name: String {
        switch self {
        case .receipt: "receipt"
        case .unknown: "unknown"
        case .unavailable: "unavailable"
        case .other: "other"
        }
    }

    var isToBeRepeated: Bool {
        switch self {
        case .unknown, .unavailable: true
        case .receipt, .other: false
        }
    }
}
