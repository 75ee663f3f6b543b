import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers

/// What one caller of the command bus sends: a new user, three changes of users it made before, and so on.
struct CommandTraffic: Sendable {
    private var random: SeededGenerator
    private var users: [UUID] = []
    private let creates: Bool

    init(random: SeededGenerator) {
        self.random = random
        creates = true
    }

    /// Changes of this user only.
    init(random: SeededGenerator, only user: UUID) {
        self.random = random
        users = [user]
        creates = false
    }

    @discardableResult
    mutating func send(to bus: CommandBus) async throws -> Receipt {
        if creates, let receipt = try await createSometimes(on: bus) { return receipt }
        // A name that differs, or nothing would be written.
        let user = users[Int.random(in: users.indices, using: &random)]
        return try await bus.send(UpdateUser(id: user, name: "Ada \(random.word())"), context())
    }

    mutating func createUser(on bus: CommandBus) async throws -> UUID {
        let id = UUID.ordered()
        _ = try await create(id, on: bus)
        return id
    }

    private mutating func createSometimes(on bus: CommandBus) async throws -> Receipt? {
        guard users.isEmpty || random.next().isMultiple(of: 4) else { return nil }
        let id = UUID.ordered()
        let receipt = try await create(id, on: bus)
        // The newest few: whoever changes a user has usually just looked at it.
        users = users.suffix(31) + [id]
        return receipt
    }

    private mutating func create(_ id: UUID, on bus: CommandBus) async throws -> Receipt {
        try await bus.send(CreateUser(id: id, email: "\(random.word())@example.org", name: "Ada Lovelace"), context())
    }

    private func context() -> CommandContext {
        CommandContext(principal: UserDirectoryService.editor)
    }
}
