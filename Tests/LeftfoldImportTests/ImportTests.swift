import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldImport

@Suite("Importing a file")
struct ImportTests {
    let store = InMemoryEventStore()
    var importer: Importer { .test(on: store) }

    static let ada = "00000000-0000-4000-8000-000000000001"
    static let bob = "00000000-0000-4000-8000-000000000002"

    static let story = """
        {"command":"CreateUser","id":"\(ada)","email":"ada@example.org","name":"Ada"}
        {"command":"CreateUser","id":"\(bob)","email":"ADA@example.org","name":"Bob"}
        {"command":"DeactivateUser","id":"\(ada)","reason":"left"}

        {"command":"CreateUser","id":"\(bob)","email":"Ada@example.org","name":"Bob"}
        {"command":"ReactivateUser","id":"\(ada)"}
        {"command":"Nonsense"}
        """

    @Test("runs its lines as if one after the other, and tells which were refused and why")
    func story() async throws {
        let (result, problems) = try await importer.importing(Self.story)
        #expect(result.lines == 6)
        #expect(result.accepted == 3)
        #expect(result.repeated == 0)
        #expect(result.rejected == ["email_taken": 2])
        #expect(result.invalid == ["unknown_command": 1])
        #expect(result.end == .complete)
        #expect(!result.isClean)
        #expect(
            problems.map { "line \($0.line): \($0.outcome.rawValue) \($0.code): \($0.message)" } == [
                "line 2: rejected email_taken: This email is already in use.",
                "line 6: rejected email_taken: This email is already in use.",
                "line 7: invalid unknown_command: There is no command “Nonsense”.",
            ])
    }

    @Test("again changes nothing, and says so")
    func again() async throws {
        let first = try await importer.importing(Self.story)
        let head = try await store.head()
        let second = try await importer.importing(Self.story)
        #expect(try await store.head() == head)
        #expect(second.result.accepted == 3)
        #expect(second.result.repeated == 3)
        #expect(second.result.rejected == first.result.rejected)
        #expect(second.problems.map(\.code) == first.problems.map(\.code))
    }

    @Test("with more lines at its end goes on; with a label begins anew")
    func grown() async throws {
        _ = try await importer.importing(Self.story)
        let more = Self.story + "\n" + #"{"command":"UpdateUser","id":"\#(Self.bob)","name":"Robert"}"#
        let grown = try await importer.importing(more)
        #expect((grown.result.accepted, grown.result.repeated) == (4, 3))
        var labelled = importer
        labelled.label = "once more"
        let anew = try await labelled.importing(more)
        #expect(anew.result.repeated == 0)
        #expect(anew.result.rejected["user_already_exists"] == 3)
    }

    @Test("a line that changed nothing is known as repeated too")
    func nothingChanged() async throws {
        let text = """
            {"command":"CreateUser","id":"\(Self.ada)","email":"ada@example.org","name":"Ada"}
            {"command":"UpdateUser","id":"\(Self.ada)","name":"Ada"}
            """
        #expect(try await importer.importing(text).result.repeated == 0)
        // The journal tells time to the microsecond, and the importer asks for a thousand of them.
        let startedBefore = try await store.journal(JournalFilter()).map(\.receivedAt).max() ?? Date()
        while Date() < startedBefore.addingTimeInterval(0.002) { await Task.yield() }
        #expect(try await importer.importing(text).result.repeated == 2)
    }

    @Test("every line is in the journal, those without a command as well (I8)")
    func journal() async throws {
        _ = try await importer.importing(Self.story)
        let journal = try await store.journal(JournalFilter())
        #expect(journal.count == 6)
        #expect(Set(journal.map(\.principal)) == ["local:operator"])
        #expect(Set(journal.map(\.correlationID)) == ["import:test"])
    }

    @Test("strict: everything before the first refused line is done, nothing after its batch")
    func strict() async throws {
        var strict = importer
        strict.isStrict = true
        strict.linesAtOnce = 1
        let (result, problems) = try await strict.importing(Self.story)
        #expect(result.end == .stoppedAtLine(2))
        #expect(problems.map(\.line) == [2])
        #expect((result.lines, result.accepted) == (2, 1))
    }

    @Test("strict: after a line without a command nothing is started at all", arguments: [1, 3, 512])
    func strictAndMalformed(linesAtOnce: Int) async throws {
        var strict = importer
        strict.isStrict = true
        strict.linesAtOnce = linesAtOnce
        let create = { (n: Int) in #"{"command":"CreateUser","id":"\#(UUID())","email":"\#(n)@example.org","name":"N"}"# }
        let text = ((0..<30).map(create) + ["nonsense"] + (30..<900).map(create)).joined(separator: "\n")
        let (result, problems) = try await strict.importing(text)
        #expect(result.end == .stoppedAtLine(31))
        #expect(problems.map(\.line) == [31])
        #expect((result.lines, result.accepted) == (31, 30))
    }

    @Test("while the store is away a line is tried again under the same id")
    func storeAway() async throws {
        let failures = Shared(7)
        let flaky = HookedStore(
            base: store,
            beforeAppend: { _ in
                if failures.withLock({
                    $0 -= 1
                    return $0 >= 4
                }) {
                    throw Unavailable("The store is away.")
                }
            },
            afterAppend: { chain in
                if failures.withLock({
                    $0 -= 1
                    return $0 >= 0
                }) {
                    throw OutcomeUnknown(chain[0].command.context.commandID)
                }
            })
        let (result, _) = try await Importer.test(on: flaky).importing(Self.story)
        #expect(result.end == .complete)
        #expect((result.lines, result.accepted) == (6, 3))
    }

    @Test("when the store stays away it gives up, and another run finishes")
    func storeGone() async throws {
        let left = Shared(1)
        let gone = HookedStore(
            base: store,
            beforeAppend: { _ in
                if left.withLock({
                    $0 -= 1
                    return $0 < 0
                }) {
                    throw Unavailable("The store is away.")
                }
            })
        let (result, _) = try await Importer.test(on: gone).importing(Self.story)
        #expect(result.end == .unavailable("The store is away."))
        #expect(result.lines == 2)
        let (finished, _) = try await importer.importing(Self.story)
        #expect(finished.end == .complete)
        #expect((finished.lines, finished.accepted) == (6, 3))
    }

    @Test("cancelled, it finishes what is under way and starts no more; another run finishes")
    func cancelled() async throws {
        let lines = (0..<2000).map { #"{"command":"CreateUser","id":"\#(UUID())","email":"\#($0)@example.org","name":"N"}"# }
        let text = lines.joined(separator: "\n")
        let cancel = Shared<Task<ImportResult, any Error>?>(nil)
        let appended = Shared(0)
        let hooked = HookedStore(
            base: store,
            beforeAppend: { _ in
                #expect(!Task.isCancelled, "a command was cut off")
                if appended.withLock({
                    $0 += 1
                    return $0 == 100
                }) {
                    while cancel.value == nil { await Task.yield() }
                    cancel.value?.cancel()
                }
                await Task.yield()
                #expect(!Task.isCancelled, "a command was cut off")
            })
        let task = Task {
            var importer = Importer.test(on: hooked)
            importer.linesAtOnce = 16
            return try await importer.importing(text).result
        }
        cancel.withLock { $0 = task }
        let result = try await task.value
        #expect(result.end == .interrupted)
        #expect((100...120).contains(result.lines))
        #expect(result.lines == result.accepted)
        let (finished, _) = try await importer.importing(text)
        #expect((finished.end, finished.accepted) == (.complete, 2000))
    }

    @Test("a line beyond 1 MiB is refused; those around it are not")
    func tooLong() async throws {
        let create = { (n: Int) in #"{"command":"CreateUser","id":"\#(UUID())","email":"\#(n)@example.org","name":"N"}"# }
        let (result, problems) = try await importer.importing(
            [create(1), String(repeating: "a", count: (1 << 20) + 1), create(2)].joined(separator: "\r\n"))
        #expect(result.accepted == 2)
        #expect(problems.map(\.code) == ["line_too_long"])
    }

    @Test("an empty file is a clean import of nothing", arguments: ["", "\n", "\n \r\n"])
    func empty(text: String) async throws {
        let (result, _) = try await importer.importing(text)
        #expect(result.isClean)
        #expect(result.lines == 0)
    }

    @Test("many at once with real tasks, the outcome is that of the file's order", arguments: SeededGenerator.seeds(8))
    func atOnce(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let past = try await SmallWorld.lines(SmallWorld.file(lines: 15, &random), label: "past")
        let file = SmallWorld.file(lines: 500, &random)
        let lines = try await SmallWorld.lines(file)
        let expected = try await SmallWorld.store(after: past + lines)
        let base = try await SmallWorld.store(after: past)
        let wait: @Sendable () async -> Void = { for _ in 0..<Int.random(in: 0..<6) { await Task.yield() } }
        let slow = HookedStore(
            base: base, beforeAppend: { _ in await wait() }, afterAppend: { _ in await wait() }, beforeRead: wait, beforeRecord: wait)
        var importer = Importer.test(on: slow)
        importer.linesAtOnce = Int.random(in: 1...100, using: &random)
        let (result, problems) = try await importer.importing(file.joined(separator: "\n"))
        #expect(result.lines == 500)
        #expect(problems.map(\.line) == problems.map(\.line).sorted())
        let outcomes = try await Outcomes(of: lines, on: base)
        #expect(try await Outcomes(of: lines, on: expected) == outcomes)
    }
}

@Suite("An import that meets trouble")
struct TroubledImportTests {
    @Test(
        "the store away, its answers lost, gone for good and imported again: the outcome is that of the file's order",
        arguments: SeededGenerator.seeds(8))
    func trouble(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<SeededGenerator.rounds {
            let past = try await SmallWorld.lines(SmallWorld.file(lines: 15, &random), label: "past")
            let file = SmallWorld.file(lines: 120, &random)
            let lines = try await SmallWorld.lines(file)
            let expected = try await SmallWorld.store(after: past + lines)
            let store = try await SmallWorld.store(after: past)
            let (dice, left) = (Shared(SeededGenerator(seed: random.next())), Shared(0))
            let troubled = HookedStore(
                base: store,
                beforeAppend: { _ in
                    let isGone = left.withLock { left in
                        left -= 1
                        return left < 0
                    }
                    if isGone || dice.withLock({ Int.random(in: 0..<8, using: &$0) == 0 }) { throw Unavailable("The store is away.") }
                },
                afterAppend: { chain in
                    if dice.withLock({ Int.random(in: 0..<8, using: &$0) == 0 }) {
                        throw OutcomeUnknown(chain[0].command.context.commandID)
                    }
                })
            var importer = Importer.test(on: troubled)
            importer.linesAtOnce = Int.random(in: 1...60, using: &random)
            for run in 0..<4 {
                left.withLock { $0 = run < 3 ? Int.random(in: 0...40, using: &random) : .max }
                let (result, problems) = try await importer.importing(file.joined(separator: "\n"))
                #expect(problems.map(\.line) == problems.map(\.line).sorted())
                if run == 3 { #expect((result.end, result.lines) == (.complete, 120)) }
            }
            let outcomes = try await Outcomes(of: lines, on: store)
            let expectedOutcomes = try await Outcomes(of: lines, on: expected)
            #expect(outcomes == expectedOutcomes)
            if outcomes != expectedOutcomes { return }
        }
    }

    /// The two share an address. The first has no patience left when the store is back, the second has.
    @Test("a line that is given up is not overtaken by one after it")
    func givenUp() async throws {
        let lines = try await SmallWorld.lines(
            SmallWorld.ids.prefix(2).map { #"{"command":"CreateUser","id":"\#($0)","email":"t@example.org","name":"N"}"# })
        let store = InMemoryEventStore()
        let attempts = Shared(0)
        let troubled = HookedStore(
            base: store,
            beforeAppend: { _ in
                let isFirst = attempts.withLock { attempts in
                    attempts += 1
                    return attempts == 1
                }
                if isFirst { throw Unavailable("The store is away.") }
            })
        let order = FileOrderStore(troubled)
        let sender = SmallWorld.sender(on: order)
        let waves = order.begin(lines.map(\.id))
        await withTaskGroup { group in
            group.addTask {
                await #expect(throws: Unavailable.self) { try await sender.send(lines[0]) }
                order.giveUp(Unavailable("The store is away."))
                order.end(lines[0].id)
            }
            group.addTask {
                // Twice: it may be back before the first has given up.
                for _ in 0..<2 { await #expect(throws: Unavailable.self) { try await sender.send(lines[1]) } }
                order.end(lines[1].id)
            }
            await order.store(waves)
        }
        #expect(attempts.withLock { $0 } == 1)
        #expect(try await store.head() == .zero)
    }

    @Test("another program writes to the same streams meanwhile: every line is answered, and in the order of its stream")
    func rival() async throws {
        let store = InMemoryEventStore()
        let (rivals, turns) = (users(on: store), Shared(0))
        let id = try #require(UUID(uuidString: SmallWorld.ids[0]))
        let contested = HookedStore(
            base: store,
            beforeAppend: { chain in
                // It is faster once for every second append to the stream.
                guard chain.contains(where: { $0.writes.contains { $0.stream == StreamID<User>(id).name } }) else { return }
                let turn = turns.withLock { turns in
                    turns += 1
                    return turns
                }
                if turn > 1, turn.isMultiple(of: 2) {
                    _ = try await rivals.send(UpdateUser(id: id, name: "Rival \(turn)"), CommandContext(principal: testOperator))
                }
            })
        let file =
            [#"{"command":"CreateUser","id":"\#(id)","email":"x@example.org","name":"N"}"#]
            + (1...20).map { #"{"command":"UpdateUser","id":"\#(id)","name":"Line \#($0)"}"# }
        let (result, _) = try await Importer.test(on: contested).importing(file.joined(separator: "\n"))
        #expect((result.end, result.accepted) == (.complete, 21))
        let names = try await store.read(StreamID<User>(id).name).flatMap { try $0.decode(as: User.self) }.compactMap { event in
            if case .renamed(let name) = event, name.hasPrefix("Line") { name } else { nil }
        }
        #expect(names == (1...20).map { "Line \($0)" })
    }

    @Test("what the store cannot take at all is refused alone, not with the lines that share a claim with it")
    func unstorable() async throws {
        struct Poison: Error {}
        let store = InMemoryEventStore()
        let picky = HookedStore(
            base: store,
            beforeAppend: { chain in
                if chain.contains(where: { $0.writes[0].stream.rawValue.hasSuffix("12") }) { throw Poison() }
            })
        let file = SmallWorld.ids[0...3].map { id in #"{"command":"CreateUser","id":"\#(id)","email":"x@example.org","name":"N"}"# }
        let (result, problems) = try await Importer.test(on: picky).importing(file.joined(separator: "\n"))
        #expect(result.accepted == 1)
        #expect(problems.map { "\($0.line) \($0.code)" } == ["2 email_taken", "3 internal_error", "4 email_taken"])
    }
}

@Suite("Lines that are no commands")
struct BadLineTests {
    static let id = "00000000-0000-4000-8000-000000000001"
    static let cases: [(line: String, code: String)] = [
        ("nonsense", "malformed_json"),
        ("{", "malformed_json"),
        ("[]", "malformed_json"),
        ("{}", "missing_field"),
        (#"{"id":"\#(id)"}"#, "missing_field"),
        (#"{"command":7}"#, "wrong_type"),
        (#"{"command":null,"id":"\#(id)"}"#, "wrong_type"),
        (#"{"command":"ReactivateUser","command":"ReactivateUser","id":"\#(id)"}"#, "repeated_field"),
        (#"{"command":"ReactivateUser","id":"\#(id)","id":"\#(id)"}"#, "repeated_field"),
        (#"{"comm\u0061nd":"ReactivateUser","id":"\#(id)"}"#, "missing_field"),
        (#"{"command":"ReactivateUser","i\u0064":"\#(id)"}"#, "malformed_json"),
        (#"{"command":"ReactivateUser","id":"\#(id)","more":1}"#, "unknown_field"),
        (#"{"command":"ReactivateUser"}"#, "missing_field"),
        (#"{"command":"ReactivateUser","id":"\#(id)"} {}"#, "malformed_json"),
        (#"{"command":"ReactivateUser","id":"\#(id)",}"#, "malformed_json"),
        (#"{"command":"ReactivateUser",,"id":"\#(id)"}"#, "malformed_json"),
        (#"{,"command":"ReactivateUser","id":"\#(id)"}"#, "malformed_json"),
        (#"{"command":"ReactivateUser" "id":"\#(id)"}"#, "malformed_json"),
        (#"{"command":"ReactivateUser":"x","id":"\#(id)"}"#, "malformed_json"),
        (#"{"id":"\#(id)","command":"ReactivateUser""#, "malformed_json"),
        (#"{"command":"ReactivateUser","id":7}"#, "wrong_type"),
        (#"{"command":"ReactivateUser","id":"no"}"#, "wrong_type"),
        (#"{"command":"Nobody","id":"\#(id)"}"#, "unknown_command"),
        (#"{"command":"CreateUser","id":"\#(id)","email":"nobody","name":"N"}"#, "validation_failed"),
        (#"{"command":"CreateUser","id":"\#(id)","email":"a@example.org","name":""}"#, "validation_failed"),
        (#"{"command":"ReactivateUser","id":\#(String(repeating: "[", count: 100_000))"#, "malformed_json"),
        (#"{"command":"ReactivateUser","id":\#(String(repeating: "[", count: 100))\#(String(repeating: "]", count: 100))}"#, "too_deep"),
    ]

    @Test("are refused with a code, go on record, and stop nobody", arguments: cases)
    func refused(line: String, code: String) async throws {
        let store = InMemoryEventStore()
        let good = #"{"command":"CreateUser","id":"\#(UUID())","email":"good@example.org","name":"N"}"#
        let (result, problems) = try await Importer.test(on: store).importing("\(line)\n\(good)\n")
        #expect(problems.map(\.code) == [code])
        #expect(problems.map(\.line) == [1])
        #expect(result.invalid == [code: 1])
        #expect(result.accepted == 1)
        #expect(try await store.journal(JournalFilter()).count == 2)
    }

    @Test(
        "a line may begin with its fields in any order, and with spaces",
        arguments: [
            #"{"command":"X","a":1}"#, #"{"a":1,"command":"X"}"#, #" { "a" : 1 , "command" : "X" } "#, #"{ "command" : "X" , "a" : 1 }"#,
        ])
    func split(line: String) throws {
        let (name, json) = try JSONLine.split(Array(line.utf8))
        #expect(name == "X")
        #expect(try StrictJSON.decode([String: Int].self, from: json) == ["a": 1])
    }

    @Test("what else is in the line keeps its bytes")
    func bytes() throws {
        let (name, json) = try JSONLine.split(Array(#"{"a":{"command":"no","b":["}",1e5,"\"]"]},"command":"A\u0042","é":true}"#.utf8))
        #expect(name == "AB")
        #expect(String(decoding: json, as: UTF8.self) == #"{"a":{"command":"no","b":["}",1e5,"\"]"]},"é":true}"#)
    }
}
