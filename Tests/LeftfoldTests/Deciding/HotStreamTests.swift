import Foundation
import Testing

@testable import Leftfold

/// While one append is under way, the commands that come for its stream wait, are decided on one another's outcome, and
/// are appended together.
@Suite("Commands that wait for the same stream")
struct HotStreamTests {
    let store = SlowStore()

    @Test("are appended together, each answered for itself")
    func together() async throws {
        let (bus, account) = try await openAccount(balance: 5)
        let answers = await whileOneIsUnderWay(bus, account, Array(repeating: Deposit(id: account, amount: 1), count: 20))
        #expect(answers.compactMap(\.version) == (4...23).map { StreamVersion(rawValue: $0) })
        #expect(store.chains == [1, 1, 1, 20])
        #expect(try await store.read(stream(of: account)).count == 23)
    }

    @Test("A no among them is answered, and the others are decided without it")
    func refused() async throws {
        let (bus, account) = try await openAccount(balance: 5)
        let answers = await whileOneIsUnderWay(
            bus, account,
            [
                Withdraw(id: account, amount: 5), Withdraw(id: account, amount: 2), Deposit(id: account, amount: 7),
                Withdraw(id: account, amount: 7),
            ])
        #expect(answers.map(\.code) == [nil, "too_little_money", nil, nil])
        #expect(try await store.journal(JournalFilter(outcome: .refused(.rejected))).count == 1)
        #expect(try await balance(of: account) == 1)
    }

    @Test("A no that was decided on what did not come true is decided again")
    func refusedInVain() async throws {
        let (bus, account) = try await openAccount(balance: 5)
        // Answered before: it takes nothing now, so what comes after it can be had.
        let repeated = CommandContext.teller()
        _ = try await bus.send(Withdraw(id: account, amount: 3), repeated)
        _ = try await bus.send(Deposit(id: account, amount: 3), .teller())
        let answers = await whileOneIsUnderWay(
            bus, account, [Withdraw(id: account, amount: 3), Withdraw(id: account, amount: 3)], contexts: [repeated, .teller()])
        #expect(answers.map(\.code) == [nil, nil])
        #expect(answers.first?.version == 3)
        #expect(try await balance(of: account) == 3)
    }

    @Test("One that the store refuses as such fails alone")
    func unstorable() async throws {
        let (bus, account) = try await openAccount(balance: 5)
        let contexts = (0..<6).map { _ in CommandContext.teller() }
        store.refuseToStore(contexts[3].commandID)
        let answers = await whileOneIsUnderWay(
            bus, account, Array(repeating: Deposit(id: account, amount: 1), count: 6), contexts: contexts)
        #expect(answers.map { $0.error is SlowStore.Unstorable } == [false, false, false, true, false, false])
        #expect(answers.compactMap(\.version).count == 5)
        #expect(try await balance(of: account) == 11)
    }

    @Test("When the outcome of all is unknown, each is told so with its own id, and the same id tells which")
    func unknown() async throws {
        let (bus, account) = try await openAccount(balance: 5)
        let contexts = (0..<6).map { _ in CommandContext.teller() }
        let deposits = Array(repeating: Deposit(id: account, amount: 1), count: 6)
        store.loseNextChain()
        let answers = await whileOneIsUnderWay(bus, account, deposits, contexts: contexts)
        #expect(answers.map { $0.error as? OutcomeUnknown } == contexts.map { OutcomeUnknown($0.commandID) })
        for context in contexts { _ = try await bus.send(deposits[0], context) }
        #expect(try await balance(of: account) == 12)
    }

    @Test("A client's expected version counts the others in")
    func expectedVersion() async throws {
        let (bus, account) = try await openAccount(balance: 5)
        let answers = await whileOneIsUnderWay(
            bus, account, Array(repeating: Deposit(id: account, amount: 1), count: 3),
            contexts: [.teller(expecting: 3), .teller(expecting: 3), .teller(expecting: 4)])
        #expect(answers.map(\.code) == [nil, "wrong_expected_version", nil])
    }

    // MARK: -

    private func openAccount(balance: Int) async throws -> (CommandBus, UUID) {
        let bus = bank(on: store)
        return (bus, try await bus.openAccount(balance: balance))
    }

    private func balance(of account: UUID) async throws -> Int {
        var state = Account()
        for event in try await store.read(stream(of: account)) {
            for event in try event.decode(as: Account.self) { state.evolve(event) }
        }
        return state.balance
    }

    /// Sends a deposit of one, which the store holds, then the commands in order, then lets the store go on.
    private func whileOneIsUnderWay(
        _ bus: CommandBus, _ account: UUID, _ commands: [any Command], contexts: [CommandContext]? = nil
    ) async -> [Told] {
        store.close()
        async let first = bus.send(Deposit(id: account, amount: 1), .teller())
        while store.holds == 0 { await Task.yield() }
        var tasks: [Task<Told, Never>] = []
        for (index, command) in commands.enumerated() {
            let context = contexts?[index] ?? .teller()
            tasks.append(Task { await Told(command, context, on: bus) })
            while bus.decider.lines.waiting(for: stream(of: account)) == index { await Task.yield() }
        }
        store.open()
        #expect(await (try? first) != nil)
        var answers: [Told] = []
        for task in tasks { answers.append(await task.value) }
        return answers
    }
}

/// What a client was told.
private struct Told: Sendable {
    var version: StreamVersion?
    var error: (any Error)?
    var code: String? { (error as? any Refusal)?.code }

    init(_ command: any Command, _ context: CommandContext, on bus: CommandBus) async {
        do { version = try await Self.send(command, context, on: bus).version } catch { self.error = error }
    }

    private static func send(_ command: some Command, _ context: CommandContext, on bus: CommandBus) async throws -> Receipt {
        try await bus.send(command, context)
    }
}
