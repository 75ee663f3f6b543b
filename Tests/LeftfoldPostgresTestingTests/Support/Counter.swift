import Foundation
import Leftfold

/// The smallest domain.
struct Counter: Aggregate {
    static let category: StreamCategory = "counter"

    enum Event: Leftfold.Event {
        case counted(by: Int)
        enum CodingKeys: String, CodingKey, CaseIterable { case counted = "Counted" }
    }

    enum Rejection: String, Leftfold.Rejection {
        case full = "counter_full"
        var message: String { "The counter is full." }
    }

    private(set) var total = 0
    init() {}
    mutating func evolve(_ event: Event) {
        switch event {
        case .counted(let number): total += number
        }
    }
}

struct Count: Command {
    static let permission: Permission = "counters:count"
    let id: UUID
    var number = 1
    var target: StreamID<Counter> { StreamID(id) }

    func decide(_ counter: Counter) throws(Counter.Rejection) -> [Counter.Event] {
        guard counter.total + number <= 100 else { throw .full }
        return [.counted(by: number)]
    }
}

func counters(on store: any EventStore) -> CommandBus {
    CommandBus(store: store, policy: RolePolicy(["tester": [Count.permission]]), commands: [Count.self])
}

func context(_ id: UUID = UUID()) -> CommandContext {
    CommandContext(commandID: id, principal: Principal(subject: "test", roles: ["tester"]))
}
