import Foundation
import Leftfold
import LeftfoldTesting
import Synchronization
import Testing

@Suite("A command that rests on a query")
struct QueriedDecisionTests {
    let store = InMemoryEventStore()
    let course = UUID()
    let student = UUID()

    @Test("is decided on all that matches, wherever it is")
    func decided() async throws {
        let bus = school(on: store)
        _ = try await bus.send(OfferCourse(course: course, seats: 1), .teller())
        let receipt = try await bus.send(TakeSeat(course: course, student: student), .teller())
        #expect(receipt == Receipt(stream: StreamID<Student>(student).name, version: 1, position: 2, epoch: .first))
        await #expect(throws: Rejected(Seats.Rejection.full)) {
            try await bus.send(TakeSeat(course: course, student: UUID()), .teller())
        }
        _ = try await bus.send(GiveUpSeat(course: course, student: student), .teller())
        _ = try await bus.send(TakeSeat(course: course, student: UUID()), .teller())
    }

    @Test("is tested without a store, on what happened before anywhere")
    func given() throws {
        func taken(_ course: UUID, by student: UUID) -> Changes {
            Changes(.seatTaken(course: course, student: student), to: StreamID<Student>(student))
        }
        func offered(_ course: UUID, seats: Int) -> Changes {
            Changes(.offered(course: course, seats: seats), to: StreamID<Course>(course))
        }
        let take = TakeSeat(course: course, student: student)

        #expect(try LeftfoldTesting.given(.none).when(take) == .rejected(.noSuchCourse))
        #expect(try LeftfoldTesting.given(offered(course, seats: 1)).when(take) == .events(taken(course, by: student)))
        #expect(try LeftfoldTesting.given(offered(course, seats: 1) + taken(course, by: UUID())).when(take) == .rejected(.full))
        #expect(
            try LeftfoldTesting.given(offered(course, seats: 1) + taken(UUID(), by: UUID())).when(take)
                == .events(taken(course, by: student)))
        #expect(try LeftfoldTesting.given(offered(course, seats: 1) + taken(course, by: student)).when(take) == .events(.none))
        let busy = (0..<3).reduce(offered(course, seats: 9)) { before, _ in before + taken(UUID(), by: student) }
        #expect(try LeftfoldTesting.given(busy).when(take) == .rejected(.tooMany))
    }

    @Test("gives 10 seats to 10 of 50 students who want one at once, over four processes")
    func race() async throws {
        let store = LingeringStore()
        let buses = (1...4).map { _ in school(on: store, attempts: 1_000) }
        _ = try await buses[0].send(OfferCourse(course: course, seats: 10), .teller())
        let answers = await withTaskGroup(of: Result<Receipt, any Error>.self) { group in
            for number in 0..<50 {
                group.addTask {
                    do {
                        return .success(try await buses[number % 4].send(TakeSeat(course: course, student: UUID()), .teller()))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { (try? $0.get()) != nil }.count == 10)
        for case .failure(let error) in answers { #expect(error as? Rejected == Rejected(Seats.Rejection.full)) }
        #expect(try await store.read(matching: .tagged("course:\(course)"), after: .zero, limit: 100).count == 11)
    }

    @Test("gives a student no more than three courses, whichever are asked for at once")
    func limitOfStudent() async throws {
        let store = LingeringStore()
        let buses = (1...4).map { _ in school(on: store, attempts: 1_000) }
        let courses = (0..<12).map { _ in UUID() }
        for course in courses { _ = try await buses[0].send(OfferCourse(course: course, seats: 5), .teller()) }
        let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for (number, course) in courses.enumerated() {
                group.addTask {
                    do {
                        _ = try await buses[number % 4].send(TakeSeat(course: course, student: student), .teller())
                        return true
                    } catch let no as Rejected where no == Rejected(Seats.Rejection.tooMany) {
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(accepted == 3)
    }

    @Test("that changes nothing is accepted, for no stream")
    func nothing() async throws {
        let bus = school(on: store)
        _ = try await bus.send(OfferCourse(course: course, seats: 1), .teller())
        _ = try await bus.send(TakeSeat(course: course, student: student), .teller())
        let context = CommandContext.teller()
        let receipt = try await bus.send(TakeSeat(course: course, student: student), context)
        #expect(receipt == Receipt([], at: 2, in: .first))
        #expect(receipt.stream == nil)
        #expect(try await store.journalEntry(for: context.commandID)?.outcome == .accepted)
        #expect(try await bus.send(TakeSeat(course: course, student: student), context) == receipt)
    }

    @Test("has one effect and one answer, also where it would say something else by now")
    func repeated() async throws {
        let bus = school(on: store)
        _ = try await bus.send(OfferCourse(course: course, seats: 1), .teller())
        let context = CommandContext.teller()
        let receipt = try await bus.send(TakeSeat(course: course, student: student), context)
        #expect(try await bus.send(TakeSeat(course: course, student: student), context) == receipt)
        _ = try await bus.send(GiveUpSeat(course: course, student: student), .teller())
        _ = try await bus.send(TakeSeat(course: course, student: UUID()), .teller())
        #expect(try await bus.send(TakeSeat(course: course, student: student), context) == receipt)
        #expect(try await store.head() == 4)
    }

    @Test("says no for the record, for no stream")
    func rejected() async throws {
        let context = CommandContext.teller()
        await #expect(throws: Rejected(Seats.Rejection.noSuchCourse)) {
            try await school(on: store).send(TakeSeat(course: course, student: student), context)
        }
        let entry = try #require(try await store.journalEntry(for: context.commandID))
        #expect(entry.code == "course_not_found")
        #expect(entry.stream == nil)
    }

    @Test("has no version that a client could name")
    func expectedVersion() async throws {
        let error = await #expect(throws: ValidationError.self) {
            try await school(on: store).send(TakeSeat(course: course, student: student), .teller(expecting: 1))
        }
        #expect(error?.problems.map(\.field) == ["expected_version"])
    }

    @Test("is decided again where an event has come that it did not know, up to the number of attempts", arguments: 1...4)
    func attempts(attempts: Int) async throws {
        let rival = RivalStore()
        let bus = school(on: rival, attempts: attempts)
        _ = try await bus.send(OfferCourse(course: course, seats: 100), .teller())
        rival.interfere(attempts - 1, with: course)
        _ = try await bus.send(TakeSeat(course: course, student: student), .teller())
        rival.interfere(attempts, with: course)
        let context = CommandContext.teller()
        let head = try await rival.head()
        await #expect(throws: ConditionFailed(at: GlobalPosition(rawValue: head.rawValue + Int64(attempts)))) {
            try await bus.send(TakeSeat(course: course, student: UUID()), context)
        }
        #expect(try await rival.journalEntry(for: context.commandID)?.outcome == .refused(.conflict))
        #expect(try await rival.journalEntry(for: context.commandID)?.code == "condition_failed")
    }

    @Test("reads all that matches, page by page")
    func pages() async throws {
        let bus = school(on: store)
        _ = try await bus.send(OfferCourse(course: course, seats: 2_501), .teller())
        let events = (0..<2_500).map { _ in Student.Event.seatTaken(course: course, student: UUID()) }
        let record = CommandRecord(name: "Import", context: .teller(), content: [])
        let stored = try events.map { try EventCodec.encode($0) }
        _ = try await store.append(
            Append(record, StreamWrite(StreamID<Student>(UUID()).name, expected: .noStream, events: stored)))
        _ = try await bus.send(TakeSeat(course: course, student: student), .teller())
        await #expect(throws: Rejected(Seats.Rejection.full)) {
            try await bus.send(TakeSeat(course: course, student: UUID()), .teller())
        }
    }
}

/// Has another student take a seat just before an append, so many times.
private final class RivalStore: StoreOnTop {
    let base = InMemoryEventStore()
    private let rest = Mutex<(count: Int, course: UUID?)>((0, nil))

    func interfere(_ count: Int, with course: UUID) { rest.withLock { $0 = (count, course) } }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        let course: UUID? = rest.withLock { rest in
            guard rest.count > 0 else { return nil }
            rest.count -= 1
            return rest.course
        }
        if let course {
            let student = UUID()
            let event = try EventCodec.encode(Student.Event.seatTaken(course: course, student: student))
            let record = CommandRecord(name: "TakeSeat", context: .teller(), content: [])
            _ = try await base.append(
                Append(record, StreamWrite(StreamID<Student>(student).name, expected: .noStream, events: [event])))
        }
        return try await base.append(chain)
    }
}
