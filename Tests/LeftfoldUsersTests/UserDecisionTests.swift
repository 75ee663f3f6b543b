import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

private let ada = "ada@example.org"
private let id = UUID()
private let created = User.Event.created(email: ada, name: "Ada")
private let deactivated = User.Event.deactivated(reason: nil)

@Suite("Creating a user")
struct CreateUserTests {
    let create = CreateUser(id: id, email: ada, name: "Ada")

    @Test("is recorded")
    func recorded() { #expect(given(User.self).when(create) == .events([.created(email: ada, name: "Ada")])) }

    @Test("records the normal form")
    func normalForm() {
        let sloppy = CreateUser(id: id, email: " Ada@EXAMPLE.org ", name: "  Ada\n  Lovelace ")
        #expect(given(User.self).when(sloppy) == .events([.created(email: "Ada@example.org", name: "Ada Lovelace")]))
    }

    @Test("is rejected when the user exists, active or not")
    func exists() {
        #expect(given(User.self, created).when(create) == .rejected(.alreadyExists))
        #expect(given(User.self, created, deactivated).when(create) == .rejected(.alreadyExists))
    }

    @Test("tells the problems of all fields at once")
    func invalid() {
        #expect(
            given(User.self).when(CreateUser(id: id, email: "ada", name: " "))
                == .invalid([
                    .init(field: "email", problem: "must contain exactly one @"), .init(field: "name", problem: "must not be empty"),
                ]))
    }
}

@Suite("Updating a user")
struct UpdateUserTests {
    @Test("records what is different, and nothing else")
    func changes() {
        let user = given(User.self, created)
        #expect(user.when(UpdateUser(id: id, name: "Bea")) == .events([.renamed(name: "Bea")]))
        #expect(user.when(UpdateUser(id: id, email: "bea@example.org")) == .events([.emailChanged(email: "bea@example.org")]))
        #expect(
            user.when(UpdateUser(id: id, email: "bea@example.org", name: "Bea"))
                == .events([.renamed(name: "Bea"), .emailChanged(email: "bea@example.org")]))
        #expect(user.when(UpdateUser(id: id, email: ada, name: "Bea")) == .events([.renamed(name: "Bea")]))
        #expect(user.when(UpdateUser(id: id, email: ada, name: "Ada")) == .events([]))
        #expect(user.when(UpdateUser(id: id, email: " ada@EXAMPLE.org", name: "Ada ")) == .events([]))
    }

    @Test("compares with the present, not with the beginning")
    func present() {
        let user = given(User.self, created, .renamed(name: "Bea"), .emailChanged(email: "bea@example.org"))
        #expect(user.when(UpdateUser(id: id, email: "bea@example.org", name: "Bea")) == .events([]))
        #expect(user.when(UpdateUser(id: id, name: "Ada")) == .events([.renamed(name: "Ada")]))
    }

    @Test("records an address that differs in case only; its claim stays the same")
    func caseOnly() {
        let user = given(User.self, created)
        #expect(user.when(UpdateUser(id: id, email: "Ada@example.org")) == .events([.emailChanged(email: "Ada@example.org")]))
        #expect(given(User.self, created, .emailChanged(email: "Ada@example.org")).state.claims == user.state.claims)
    }

    @Test("is rejected when there is no user, or a deactivated one, even if nothing would change")
    func rejected() {
        let update = UpdateUser(id: id, name: "Ada")
        #expect(given(User.self).when(update) == .rejected(.notFound))
        #expect(given(User.self, created, deactivated).when(update) == .rejected(.deactivated))
        #expect(given(User.self, created, deactivated, .reactivated).when(update) == .events([]))
    }

    @Test("must give something, and what it gives must be valid")
    func invalid() {
        let user = given(User.self, created)
        #expect(user.when(UpdateUser(id: id)) == .invalid("command", "must give an email, a name or both"))
        #expect(user.when(UpdateUser(id: id, name: "")) == .invalid("name", "must not be empty"))
        #expect(
            user.when(UpdateUser(id: id, email: "", name: "\u{7}"))
                == .invalid([
                    .init(field: "email", problem: "must not be empty"),
                    .init(field: "name", problem: "must not contain control characters"),
                ]))
    }
}

@Suite("Deactivating and reactivating a user")
struct DeactivationTests {
    @Test("deactivation is recorded with its reason, if there is one")
    func deactivate() {
        let user = given(User.self, created)
        #expect(user.when(DeactivateUser(id: id)) == .events([.deactivated(reason: nil)]))
        #expect(user.when(DeactivateUser(id: id, reason: " \n ")) == .events([.deactivated(reason: nil)]))
        #expect(user.when(DeactivateUser(id: id, reason: " has\tleft ")) == .events([.deactivated(reason: "has left")]))
    }

    @Test("deactivation is rejected when there is no active user")
    func deactivateRejected() {
        #expect(given(User.self).when(DeactivateUser(id: id)) == .rejected(.notFound))
        #expect(given(User.self, created, deactivated).when(DeactivateUser(id: id, reason: "again")) == .rejected(.deactivated))
    }

    @Test("a reason has at most 500 characters")
    func longReason() {
        let user = given(User.self, created)
        let longest = String(repeating: "é", count: 500)
        #expect(user.when(DeactivateUser(id: id, reason: longest)) == .events([.deactivated(reason: longest)]))
        #expect(
            user.when(DeactivateUser(id: id, reason: longest + "e")) == .invalid("reason", "must not be longer than 500 characters"))
        #expect(user.when(DeactivateUser(id: id, reason: "a\u{0}b")) == .invalid("reason", "must not contain control characters"))
    }

    @Test("reactivation is recorded")
    func reactivate() {
        #expect(given(User.self, created, deactivated).when(ReactivateUser(id: id)) == .events([.reactivated]))
    }

    @Test("reactivation is rejected when there is nobody to come back")
    func reactivateRejected() {
        #expect(given(User.self).when(ReactivateUser(id: id)) == .rejected(.notFound))
        #expect(given(User.self, created).when(ReactivateUser(id: id)) == .rejected(.alreadyActive))
        #expect(given(User.self, created, deactivated, .reactivated).when(ReactivateUser(id: id)) == .rejected(.alreadyActive))
    }
}

@Suite("A user")
struct UserTests {
    @Test("is what its events made of it")
    func state() {
        let user = given(User.self, created, .renamed(name: "Bea"), .emailChanged(email: "bea@example.org"), deactivated).state
        #expect(user.status == .deactivated)
        #expect(user.name == "Bea")
        #expect(user.email == "bea@example.org")
        #expect(User().status == .absent)
    }

    @Test("holds the claim on the e-mail address while active, in its compared form")
    func claims() {
        #expect(User().claims == [])
        #expect(given(User.self, .created(email: "Ada@example.org", name: "Ada")).state.claims == [Claim("email", ada)])
        #expect(
            given(User.self, created, .emailChanged(email: "Bea@example.org")).state.claims == [Claim("email", "bea@example.org")])
        #expect(given(User.self, created, deactivated).state.claims == [])
        #expect(given(User.self, created, deactivated, .reactivated).state.claims == [Claim("email", ada)])
    }

    @Test("rejections have stable codes")
    func codes() {
        let codes = [User.Rejection.alreadyExists, .notFound, .deactivated, .alreadyActive].map(\.code)
        #expect(codes == ["user_already_exists", "user_not_found", "user_deactivated", "user_already_active"])
    }

    @Test("commands need a permission each")
    func permissions() {
        let permissions = [CreateUser.permission, UpdateUser.permission, DeactivateUser.permission, ReactivateUser.permission]
        #expect(permissions == ["users:create", "users:update", "users:deactivate", "users:reactivate"])
        func allowed(_ role: String) -> [Bool] {
            permissions.map { UsersPolicy.roles.allows($0, for: Principal(subject: "x", roles: [role])) }
        }
        #expect(allowed("admin") == [true, true, true, true])
        #expect(allowed("editor") == [true, true, true, true])
        #expect(allowed("viewer") == [false, false, false, false])
        #expect(allowed("Admin") == [false, false, false, false])
        #expect(UsersPolicy.roles.allows("users:read", for: Principal(subject: "x", roles: ["viewer"])))
        #expect(!UsersPolicy.roles.allows("projections:rebuild", for: Principal(subject: "x", roles: ["viewer", "editor"])))
    }
}
