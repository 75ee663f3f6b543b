import Foundation
import Leftfold
import LeftfoldTesting
import Testing

/// Random commands on several buses over one store, as several processes are, compared with a model that is too simple
/// to be wrong. The seed is in the name of the test case.
@Suite("Whatever is sent in whatever order")
struct ModelTests {
    static let seeds: [UInt64] = SeededGenerator.seeds(8)

    @Test("each answer is the model's, and the log too (I1, I2, I3, I10)", arguments: seeds)
    func oneAfterTheOther(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = InMemoryEventStore()
        let buses = [0, 2, 20_000].map { bank(on: store, cache: AggregateCache(capacity: $0)) }
        var model = BankModel()
        var sent: [SentCommand] = []

        for step in 0..<400 {
            var command = SentCommand.random(&random)
            if let earlier = sent.randomElement(using: &random) {
                switch Int.random(in: 0..<10, using: &random) {
                case 0, 1: command = earlier
                case 2: command.context.commandID = earlier.context.commandID
                default: break
                }
            }
            sent.append(command)
            let bus = try #require(buses.randomElement(using: &random))
            let answer = await command.send(to: bus)
            let expected = model.answer(command)
            #expect(answer == expected, "step \(step): \(command)")
            if answer != expected { return }
        }
        let log = try await store.read(after: .zero, limit: .max)
        #expect(log.map(\.commandID) == model.log.map(\.commandID))
        #expect(log.map(\.stream) == model.log.map(\.stream))
        #expect(log.map(\.position.rawValue) == (0..<log.count).map { Int64($0) + 1 })
    }

    @Test("at once, the log agrees with every answer (I1, I2, I3, I10)", arguments: seeds)
    func atOnce(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = LingeringStore()
        let buses = (1...3).map { _ in bank(on: store, attempts: 200) }
        var commands = (0..<150).map { _ in SentCommand.random(&random) }
        commands += (0..<50).compactMap { _ in commands.randomElement(using: &random) }
        commands.shuffle(using: &random)

        let answers = await withTaskGroup(of: (SentCommand, Answer).self) { group in
            for (number, command) in commands.enumerated() {
                group.addTask { (command, await command.send(to: buses[number % 3])) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }

        let log = try await store.read(after: .zero, limit: .max)
        #expect(log.map(\.position.rawValue) == (0..<log.count).map { Int64($0) + 1 })
        for (_, events) in Dictionary(grouping: log, by: \.stream) {
            #expect(events.map(\.version.rawValue) == (1...Int64(events.count)).map(\.self))
        }
        for (id, pairs) in Dictionary(grouping: answers, by: \.0.context.commandID) {
            let events = log.filter { $0.commandID == id }
            let answers = pairs.map(\.1)
            #expect(answers.allSatisfy { $0 == answers.first }, "one id, one answer: \(answers)")
            guard let answer = answers.first else { continue }
            switch answer {
            case .accepted(let receipt):
                if let last = events.last {
                    #expect((last.stream, last.version, last.position) == (receipt.stream, receipt.version, receipt.position))
                }
            case .refused: #expect(events == [], "a refused command left events")
            case .reused: Issue.record("no id was given to two commands")
            case .fault(let fault): Issue.record("\(fault)")
            }
            // What is denied uses no id up.
            let isDenied = answer == .refused(.denied, code: "forbidden")
            #expect((try await store.journalEntry(for: id) == nil) == isDenied)
        }
        // Whoever decides one after the other in the order of the log comes to the same log.
        for (_, events) in Dictionary(grouping: log, by: \.stream) {
            var account = Account()
            for event in events {
                for event in try event.decode(as: Account.self) { account.evolve(event) }
                #expect(account.balance >= 0)
            }
        }
    }
}

/// What a client is told. What is told again may lack the sentence, not the code.
enum Answer: Equatable {
    case accepted(Receipt)
    case refused(RefusalKind, code: String)
    case reused
    case fault(String)
}

struct SentCommand: Sendable, CustomStringConvertible {
    enum Kind: Sendable, Equatable { case open(owner: String), deposit(Int), withdraw(Int), close }
    static let accounts = (0..<5).map { _ in UUID() }

    var context: CommandContext
    var account: UUID
    var kind: Kind

    var description: String { "\(kind) on \(account) by \(context.principal.subject) with id \(context.commandID)" }

    static func random(_ random: inout SeededGenerator) -> SentCommand {
        var id = UUID().uuid
        withUnsafeMutableBytes(of: &id) { bytes in
            for index in bytes.indices { bytes[index] = UInt8.random(in: .min ... .max, using: &random) }
        }
        let principal = Int.random(in: 0..<10, using: &random) == 0 ? stranger : teller
        let version: StreamVersion? =
            Int.random(in: 0..<5, using: &random) == 0 ? StreamVersion(rawValue: .random(in: 0...6, using: &random)) : nil
        let kind: Kind =
            switch Int.random(in: 0..<10, using: &random) {
            case 0...2: .open(owner: ["Ada", "Bob", "Cy", ""][Int.random(in: 0..<4, using: &random)])
            case 3...5: .deposit(.random(in: -1...5, using: &random))
            case 6...8: .withdraw(.random(in: 0...5, using: &random))
            default: .close
            }
        return SentCommand(
            context: CommandContext(commandID: UUID(uuid: id), principal: principal, expectedVersion: version),
            account: accounts[Int.random(in: 0..<accounts.count, using: &random)], kind: kind)
    }

    func send(to bus: CommandBus) async -> Answer {
        do {
            switch kind {
            case .open(let owner): return .accepted(try await bus.send(OpenAccount(id: account, owner: owner), context))
            case .deposit(let amount): return .accepted(try await bus.send(Deposit(id: account, amount: amount), context))
            case .withdraw(let amount): return .accepted(try await bus.send(Withdraw(id: account, amount: amount), context))
            case .close: return .accepted(try await bus.send(CloseAccount(id: account), context))
            }
        } catch let before as AnsweredBefore {
            return .refused(before.recorded, code: before.code)
        } catch is CommandIDReused {
            return .reused
        } catch let refusal as any Refusal {
            return refusal.kind.map { .refused($0, code: refusal.code) } ?? .fault(refusal.code)
        } catch {
            return .fault("\(error)")
        }
    }
}

/// The bank without events, caches and retries.
struct BankModel {
    private struct Known {
        var command: SentCommand
        var answer: Answer
    }
    private struct State {
        var owner: String?
        var balance = 0
        var version = 0
    }

    private(set) var log: [(commandID: UUID, stream: StreamName)] = []
    private var accounts: [UUID: State] = [:]
    private var known: [UUID: Known] = [:]

    mutating func answer(_ command: SentCommand) -> Answer {
        // Rights come first, whatever the id stands for.
        guard command.context.principal == teller else { return .refused(.denied, code: "forbidden") }
        if let known = known[command.context.commandID] { return known.command.isSame(as: command) ? known.answer : .reused }
        let answer = decide(command)
        known[command.context.commandID] = Known(command: command, answer: answer)
        return answer
    }

    private mutating func decide(_ command: SentCommand) -> Answer {
        switch command.kind {
        case .open(""): return .refused(.invalid, code: "validation_failed")
        case .deposit(let amount) where amount < 0: return .refused(.invalid, code: "validation_failed")
        case .withdraw(let amount) where amount <= 0: return .refused(.invalid, code: "validation_failed")
        default: break
        }
        var state = accounts[command.account] ?? State()
        if let expected = command.context.expectedVersion, expected.rawValue != Int64(state.version) {
            return .refused(.conflict, code: "wrong_expected_version")
        }
        var events = 1
        switch command.kind {
        case .open(let owner):
            if state.owner != nil { return .refused(.rejected, code: "already_open") }
            if accounts.values.contains(where: { $0.owner == owner }) { return .refused(.rejected, code: "account_owner_taken") }
            state.owner = owner
        case _ where state.owner == nil: return .refused(.rejected, code: "not_open")
        case .deposit(let amount):
            state.balance += amount
            if amount == 0 { events = 0 }
        case .withdraw(let amount):
            if state.balance < amount { return .refused(.rejected, code: "too_little_money") }
            state.balance -= amount
        case .close:
            if state.balance > 0 { events = 2 }
            (state.owner, state.balance) = (nil, 0)
        }
        state.version += events
        accounts[command.account] = state
        let stream = stream(of: command.account)
        log += Array(repeating: (command.context.commandID, stream), count: events)
        return .accepted(
            Receipt(
                stream: stream, version: StreamVersion(rawValue: Int64(state.version)),
                position: GlobalPosition(rawValue: Int64(log.count)), epoch: .first))
    }
}

extension SentCommand {
    func isSame(as other: SentCommand) -> Bool {
        account == other.account && kind == other.kind && context.principal == other.context.principal
            && context.expectedVersion == other.context.expectedVersion
    }
}
