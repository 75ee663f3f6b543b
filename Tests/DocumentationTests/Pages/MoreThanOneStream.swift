import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@Suite("Deciding on more than one stream, as its page tells it") struct MoreThanOneStream {
    struct Account: Aggregate {
        static let category: StreamCategory = "account"

        enum Event: Leftfold.Event {
            case opened(owner: String)
            case deposited(amount: Int)
            case withdrawn(amount: Int)
            enum CodingKeys: String, CodingKey, CaseIterable {
                case opened = "AccountOpened"
                case deposited = "MoneyDeposited"
                case withdrawn = "MoneyWithdrawn"
            }
        }

        enum Rejection: String, Leftfold.Rejection {
            case notOpen = "account_not_open"
            case tooLittleMoney = "too_little_money"
            var message: String { self == .notOpen ? "The account is not open." : "There is too little money in the account." }
        }

        private(set) var isOpen = false
        private(set) var balance = 0
        mutating func evolve(_ event: Event) {
            switch event {
            case .opened: isOpen = true
            case .deposited(let amount): balance += amount
            case .withdrawn(let amount): balance -= amount
            }
        }
    }

    struct Transfer: Command {
        static let permission: Permission = "accounts:transfer"
        let from: UUID
        let to: UUID
        let amount: Int

        var target: StreamIDs<Account, Account> { StreamIDs(StreamID(from), StreamID(to)) }

        func decide(_ accounts: Streams<Account, Account>) throws(Rejected) -> Changes {
            let (source, destination) = accounts.states
            guard source.isOpen, destination.isOpen else { throw Rejected(Account.Rejection.notOpen) }
            guard source.balance >= amount else { throw Rejected(Account.Rejection.tooLittleMoney) }
            return Changes(.withdrawn(amount: amount), to: target.ids.0) + Changes(.deposited(amount: amount), to: target.ids.1)
        }
    }

    struct Student: Aggregate {
        static let category: StreamCategory = "student"

        enum Event: Leftfold.Event {
            case seatTaken(course: UUID, student: UUID)
            enum CodingKeys: String, CodingKey, CaseIterable { case seatTaken = "SeatTaken" }

            var tags: Set<Leftfold.Tag> {
                switch self {
                case .seatTaken(let course, let student): ["course:\(course)", "student:\(student)"]
                }
            }
        }

        enum Rejection: String, Leftfold.Rejection {
            case never
            var message: String { "Never." }
        }

        mutating func evolve(_ event: Event) {}
    }

    struct Seats: DecisionModel {
        enum Rejection: String, Leftfold.Rejection {
            case full = "course_full"
            var message: String { "All seats of the course are taken." }
        }

        let course: UUID
        var query: EventQuery { .tagged("course:\(course)") }
        var students: Set<UUID> = []

        mutating func evolve(_ event: RecordedEvent) throws {
            for case .seatTaken(_, let student) in try event.decode(as: Student.self) { students.insert(student) }
        }
    }

    struct TakeSeat: Command {
        static let permission: Permission = "courses:attend"
        let course: UUID
        let student: UUID

        var target: Seats { Seats(course: course) }

        func decide(_ seats: Seats) throws(Seats.Rejection) -> Changes {
            if seats.students.contains(student) { return .none }
            guard seats.students.count < 10 else { throw .full }
            return Changes(.seatTaken(course: course, student: student), to: StreamID<Student>(student))
        }
    }

    @Test("The decisions are as shown")
    func page() throws {
        let (from, to, course, student) = (UUID(), UUID(), UUID(), UUID())

        let (ada, bob) = (StreamID<Account>(from), StreamID<Account>(to))
        let before = Changes(.opened(owner: "Ada"), .deposited(amount: 5), to: ada) + Changes(.opened(owner: "Bob"), to: bob)
        let transfer = Transfer(from: from, to: to, amount: 5)
        #expect(
            try given(before).when(transfer) == .events(Changes(.withdrawn(amount: 5), to: ada) + Changes(.deposited(amount: 5), to: bob)))

        let taken = Changes(.seatTaken(course: course, student: student), to: StreamID<Student>(student))
        #expect(try given(.none).when(TakeSeat(course: course, student: student)) == .events(taken))
        #expect(try given(taken).when(TakeSeat(course: course, student: student)) == .events(.none))
    }

    @Test("On the bus, twenty students at once get ten seats")
    func bus() async throws {
        let policy = RolePolicy(["teller": ["courses:attend"]])
        let commands = CommandBus(store: InMemoryEventStore(), policy: policy, commands: [TakeSeat.self], attempts: 1_000)
        let course = UUID()
        let seated = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let context = CommandContext(principal: Principal(subject: "ada", roles: ["teller"]))
                    return (try? await commands.send(TakeSeat(course: course, student: UUID()), context)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(seated == 10)
    }
}
