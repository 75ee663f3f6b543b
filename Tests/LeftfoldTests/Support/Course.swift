import Foundation
import Leftfold

/// A course with a limited number of seats.
struct Course: Aggregate {
    static let category: StreamCategory = "course"

    enum Event: Leftfold.Event {
        case offered(course: UUID, seats: Int)
        enum CodingKeys: String, CodingKey, CaseIterable { case offered = "CourseOffered" }
        var tags: Set<Tag> { if case .offered(let course, _) = self { ["course:\(course)"] } else { [] } }
    }
    enum Rejection: String, Leftfold.Rejection {
        case alreadyOffered = "course_already_offered"
        var message: String { "The course is offered already." }
    }

    private(set) var isOffered = false
    mutating func evolve(_ event: Event) { isOffered = true }
}

/// Somebody who takes seats in courses.
struct Student: Aggregate {
    static let category: StreamCategory = "student"

    enum Event: Leftfold.Event {
        case seatTaken(course: UUID, student: UUID)
        case seatGivenUp(course: UUID, student: UUID)
        enum CodingKeys: String, CodingKey, CaseIterable { case seatTaken = "SeatTaken", seatGivenUp = "SeatGivenUp" }
        var tags: Set<Tag> {
            switch self {
            case .seatTaken(let course, let student), .seatGivenUp(let course, let student): ["course:\(course)", "student:\(student)"]
            }
        }
    }
    enum Rejection: String, Leftfold.Rejection {
        case never
        var message: String { "Never." }
    }

    mutating func evolve(_ event: Event) {}
}

struct OfferCourse: Command {
    static let permission: Permission = "courses:offer"
    static let opensStream = true
    var course: UUID
    var seats: Int
    var target: StreamID<Course> { StreamID(course) }
    func decide(_ state: Course) throws(Course.Rejection) -> [Course.Event] {
        if state.isOffered { throw .alreadyOffered }
        return [.offered(course: course, seats: seats)]
    }
}

/// What a seat depends on, which is in no single stream: the course's seats and who has them, and how many seats the
/// student has anywhere.
struct Seats: DecisionModel {
    enum Rejection: String, Leftfold.Rejection {
        case noSuchCourse = "course_not_found"
        case full = "course_full"
        case tooMany = "too_many_courses"
        case notTaken = "seat_not_taken"
        var message: String { "No." }
    }

    let course: UUID
    let student: UUID
    private(set) var seats: Int?
    private(set) var students: Set<UUID> = []
    private(set) var courses: Set<UUID> = []

    init(course: UUID, student: UUID) { (self.course, self.student) = (course, student) }

    var query: EventQuery { EventQuery(.init(tags: ["course:\(course)"]), .init(tags: ["student:\(student)"])) }

    mutating func evolve(_ event: RecordedEvent) throws {
        if event.stream.belongs(to: Course.category) {
            for case .offered(_, let seats) in try event.decode(as: Course.self) { self.seats = seats }
        } else {
            for change in try event.decode(as: Student.self) { evolve(change) }
        }
    }

    private mutating func evolve(_ change: Student.Event) {
        switch change {
        case .seatTaken(let course, let student):
            if course == self.course { students.insert(student) }
            if student == self.student { courses.insert(course) }
        case .seatGivenUp(let course, let student):
            if course == self.course { students.remove(student) }
            if student == self.student { courses.remove(course) }
        }
    }
}

struct TakeSeat: Command {
    static let permission: Permission = "courses:attend"
    var course: UUID
    var student: UUID

    var target: Seats { Seats(course: course, student: student) }

    func decide(_ state: Seats) throws(Seats.Rejection) -> Changes {
        guard let seats = state.seats else { throw .noSuchCourse }
        if state.students.contains(student) { return .none }
        guard state.students.count < seats else { throw .full }
        guard state.courses.count < 3 else { throw .tooMany }
        return Changes(.seatTaken(course: course, student: student), to: StreamID<Student>(student))
    }
}

struct GiveUpSeat: Command {
    static let permission: Permission = "courses:attend"
    var course: UUID
    var student: UUID

    var target: Seats { Seats(course: course, student: student) }

    func decide(_ state: Seats) throws(Seats.Rejection) -> Changes {
        guard state.students.contains(student) else { throw .notTaken }
        return Changes(.seatGivenUp(course: course, student: student), to: StreamID<Student>(student))
    }
}

/// A bus with the commands of the school.
func school(on store: any EventStore, attempts: Int = 10) -> CommandBus {
    CommandBus(
        store: store, policy: RolePolicy(["teller": ["courses:offer", "courses:attend"]]),
        commands: [OfferCourse.self, TakeSeat.self, GiveUpSeat.self], attempts: attempts)
}
