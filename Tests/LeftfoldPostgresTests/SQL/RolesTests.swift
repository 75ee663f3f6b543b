import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// Processes that connect as different roles, with a log of their roles or without.
@Suite struct RolesTests {
    @Test("Service, projector, operator and migrator are four logins, and each does its work; so does a superuser, to nobody's harm")
    func fourLogins() async throws {
        try await Logins.lend { logins in
            try await logins.withRoles()
            #expect(try await Migrator(logins.configuration("owner")).migrate().isEmpty)
            try await logins.with("service") { service in
                try await service.note(3)
                let refused = RefusedCommand(Note.command("no"), for: [], .rejected, code: "no")
                _ = try await service.store.record(refused)
                #expect(try await service.store.journal(JournalFilter(limit: 9)).count == 4)
                #expect(try await service.store.holders(of: [Claim("a", "b")]).isEmpty)
                #expect(try await service.store.takeOver("own").position == .zero)
                try await logins.with("projector") { projector in
                    try await projector.projecting(Ledger()) {
                        let rebuilders = ["projector", nil, "operator", "projector"]
                        for (turn, login) in rebuilders.enumerated() {
                            let generation: Generation
                            if let login {
                                generation = try await logins.with(login) { try await Rebuild(Ledger(), in: $0).run() }
                            } else {
                                let database = LeftfoldDatabase(logins.superuser, poolSize: 2, logger: TestDatabase.quiet)
                                generation = try await database.running { try await Rebuild(Ledger(), in: $0).run() }
                            }
                            try await service.note(1)
                            try await eventually("the projector goes on with what \(login ?? "a superuser") rebuilt") {
                                try await projector.status(Ledger.name)?.position.rawValue == Int64(4 + turn)
                            }
                            #expect(try await service.ledger().count == 4 + turn)
                            let owners = try await service.pool.execute(
                                "SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname = \(generation.schema)"
                            ).map { try $0.decode(String.self) }
                            #expect(owners == [Logins.quoted("\(logins.prefix)_projector")])
                        }
                    }
                    #expect(await Health(projector, projections: [Ledger()]).readiness(as: [.projector]).filter { !$0.healthy } == [])
                }
                #expect(await Health(service, projections: [Ledger()]).readiness(as: [.service]).filter { !$0.healthy } == [])
                let lacking = await Health(service, projections: [Ledger()]).rights(of: [.projector])
                #expect(!lacking.healthy && lacking.detail.contains("EXECUTE on leftfold.advance"), "\(lacking.detail)")
            }
            try await logins.with("operator") { database in
                #expect(try await Verification(Ledger(), in: database).run().matches)
                #expect(try await !database.retry(Ledger.name))
                let rights = await Health(database, projections: [Ledger()]).rights()
                #expect(rights.healthy && rights.detail.contains("projector"), "\(rights.detail)")
                try await logins.asSuperuser("REVOKE EXECUTE ON FUNCTION leftfold.append FROM \(Logins.quoted("\(logins.prefix)_service"))")
                let broken = await Health(database, projections: [Ledger()]).rights()
                #expect(!broken.healthy && broken.detail.contains("GRANT EXECUTE ON FUNCTION leftfold.append TO"), "\(broken.detail)")
            }
            // A second time it gives what is missing, and makes nothing.
            let again = try await Migrator(logins.superuser).setUpRoles(DatabaseRoles(prefix: logins.prefix))
            #expect(again.map(\.kind) == DatabaseRole.allCases)
            #expect(again.map(\.created) == DatabaseRole.allCases.map { _ in false })
            try await logins.with("service") { try await $0.note(1) }
        }
    }

    @Test("A superuser's rebuild on the database of a service with one role leaves the tables to the service")
    func oneRole() async throws {
        try await Logins.lend { logins in
            let app = try await logins.make("app")
            let name = Logins.quoted(logins.name("app"))
            let database = Logins.quoted(logins.superuser["dbname"] ?? "")
            try await logins.asSuperuser("GRANT CREATE ON DATABASE \(database) TO \(name)", "GRANT CREATE ON SCHEMA public TO \(name)")
            _ = try await Migrator(app).migrate()
            let superuser = LeftfoldDatabase(logins.superuser, poolSize: 2, logger: TestDatabase.quiet)
            try await superuser.running { superuser in
                // Even where there is nothing yet.
                try await superuser.createReadTables([Ledger()])
                try await logins.with("app") { app in
                    try await app.note(2)
                    try await app.projecting(Ledger()) {
                        try await eventually("caught up") { try await app.status(Ledger.name)?.position == 2 }
                        _ = try await Rebuild(Ledger(), in: superuser).run()
                        try await app.note(1)
                        try await eventually("goes on") { try await app.status(Ledger.name)?.position == 3 }
                        #expect(try await app.ledger() == [1, 2, 3])
                        for _ in 0..<2 { _ = try await Rebuild(Ledger(), in: app).run() }
                        #expect(try await app.ledger() == [1, 2, 3])
                    }
                    #expect(await Health(app, projections: [Ledger()]).rights(of: [.service, .projector]).healthy)
                }
            }
            // A stranger is told whose they are.
            _ = try await logins.make("stranger")
            try await logins.asSuperuser("ALTER SCHEMA leftfold OWNER TO \(name)")
            let role = Logins.quoted(logins.name("stranger"))
            try await logins.asSuperuser(
                "GRANT USAGE ON SCHEMA leftfold TO \(role)", "GRANT ALL ON ALL TABLES IN SCHEMA leftfold TO \(role)",
                "GRANT CREATE ON DATABASE \(database) TO \(role)", "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA leftfold TO \(role)")
            try await logins.with("stranger") { stranger in
                let foreign = await #expect(throws: ForeignReadTables.self) { try await Rebuild(Ledger(), in: stranger).run() }
                #expect(foreign?.description.contains("GRANT \(name) TO \(role)") == true)
            }
        }
    }

    @Test("What migrate asks for, when it is given, is enough: without roles and with them, by a login with nothing")
    func asksForEnough() async throws {
        try await Logins.lend { logins in
            let configuration = try await logins.make("migrator")
            let migrator = Migrator(configuration)
            func give(_ body: () async throws -> Void) async throws -> [String] {
                let missing = await #expect(throws: MissingRights.self) { try await body() }
                let rights = try #require(missing).rights
                for right in rights { try await logins.asSuperuser(right.statement) }
                return rights.map(\.what)
            }
            let first = try await give { try await migrator.checkRights(projections: [Ledger.name]) }
            #expect(first.count == 3)
            #expect(try await migrator.migrate().isEmpty == false)
            try await logins.with("migrator") { try await $0.createReadTables([Ledger()]) }
            let roles = DatabaseRoles(prefix: logins.prefix, members: [(logins.name("migrator"), .owner)])
            let second = try await give { _ = try await migrator.setUpRoles(roles) }
            #expect(second == ["create roles", "let others create schemas", "let others make views in the schema public"])
            #expect(try await migrator.setUpRoles(roles).map(\.created) == DatabaseRole.allCases.map { _ in true })
            #expect(try await migrator.setUpRoles(roles).map(\.created) == DatabaseRole.allCases.map { _ in false })
            try await logins.with("migrator") { migrator in
                let rights = await Health(migrator, projections: [Ledger()]).rights()
                #expect(rights.healthy, "\(rights.detail)")
                let rebuilt = try await Rebuild(Ledger(), in: migrator).run()
                #expect(rebuilt.number == 2)
            }
            // Somebody else may look, but not change.
            let other = Migrator(try await logins.make("other"))
            try await logins.asSuperuser("DELETE FROM leftfold.migrations WHERE number = (SELECT max(number) FROM leftfold.migrations)")
            #expect(try await give { _ = try await other.migrate() }.count == 1)
        }
    }

    @Test("A right or a table that is taken away is not the event's fault: it shows, and heals by itself")
    func heals() async throws {
        try await Logins.lend { logins in
            try await logins.withRoles()
            try await logins.with("service") { service in
                try await service.note(1)
                try await logins.with("projector") { projector in
                    try await projector.projecting(Ledger()) {
                        let projectorRole = Logins.quoted("\(logins.prefix)_projector")
                        let table = "leftfold_ledger_1.ledger"
                        let hurts = [
                            ("REVOKE INSERT ON \(table) FROM \(projectorRole)", "GRANT INSERT ON \(table) TO \(projectorRole)", "42501"),
                            // The view would take what is inserted into the table.
                            (
                                "ALTER TABLE \(table) RENAME TO gone; ALTER VIEW ledger RENAME TO gone",
                                "ALTER TABLE leftfold_ledger_1.gone RENAME TO ledger; ALTER VIEW gone RENAME TO ledger", "42P01"
                            ),
                        ]
                        for (number, (hurt, mend, code)) in hurts.enumerated() {
                            try await eventually("well") {
                                let status = try await service.status(Ledger.name)
                                return status?.position.rawValue == Int64(number + 1) && status?.failure == nil
                            }
                            try await logins.asSuperuser(hurt)
                            try await service.note(1)
                            try await eventually("it shows") { try await service.status(Ledger.name)?.failure?.contains(code) == true }
                            #expect(try await service.status(Ledger.name)?.failedPosition == nil)
                            let finding = try #require(
                                await Health(service, projections: [Ledger()]).projectionsAtWork(maximumLag: 60).first)
                            #expect(!finding.healthy && finding.detail.contains("tries again by itself"), "\(finding.detail)")
                            try await logins.asSuperuser(mend)
                        }
                        try await eventually("healed") {
                            let status = try await service.status(Ledger.name)
                            return status?.position == 3 && status?.failure == nil
                        }
                    }
                }
                #expect(try await service.ledger() == [1, 2, 3])
            }
        }
    }
}
