import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldUsers
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The routes of the user directory, asked over HTTP.
@Suite struct DirectoryTests {
    private struct Edge {
        let url: String
        let token: String

        func get(_ path: String) async throws -> (status: Int, text: String) {
            var request = URLRequest(url: try #require(URL(string: url + path)), timeoutInterval: 20)
            request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
            let (data, response) = try await URLSession.shared.data(for: request)
            return (try #require(response as? HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))
        }

        func refusal(_ path: String) async throws -> String {
            let answer = try await get(path)
            let code = answer.text.firstMatch(of: /"code":"([a-z_]+)"/).map { String($0.1) }
            return "\(answer.status) \(code ?? "")"
        }
    }

    private func serving(_ body: (Edge, LeftfoldDatabase) async throws -> Void) async throws {
        try await Deployment.lend { deployment in
            let server = try deployment.start("serve", "--port", "0")
            let projector = try deployment.start("project")
            let url = try await server.prints(/url=(http:\S+)/)
            let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
            try await body(Edge(url: url, token: deployment.token), database)
            await database.close()
            for program in [server, projector] {
                program.send(SIGTERM)
                try await program.end()
            }
        }
    }

    private func store(_ events: [(type: String, data: String)], of id: UUID, in database: LeftfoldDatabase) async throws -> GlobalPosition
    {
        let context = CommandContext(principal: Principal(subject: "another program"))
        let record = CommandRecord(name: "Other", context: context, content: Array("\(context.commandID)".utf8))
        let new = events.map { NewEvent(type: EventType($0.type), data: Array($0.data.utf8)) }
        _ = try await database.store.append(Append(record, StreamWrite(StreamID<User>(id).name, expected: .any, events: new)))
        return try await database.store.head()
    }

    @Test("A history tells events of any shape as they were stored, and lists are paged by sealed cursors")
    func asked() async throws {
        try await serving { edge, database in
            let id = UUID()
            let data = [
                #"{"email":"a@bücher.example","name":"Ada","age":36}"#,
                #"{"name":"B","x":{"deep":[[1e400,null]],"long":0.1000000000000000000000001}}"#,
            ]
            var head = try await store([("UserCreated", data[0]), ("UserRenamed", data[1])], of: id, in: database)
            let history = try await edge.get("/users/\(id)/history?after=\(head)")
            #expect(history.status == 200)
            for json in data { #expect(history.text.contains(#""data":\#(json)"#), "\(history.text)") }
            let newest = try await edge.get("/users/\(id)/history?limit=1&order=desc")
            #expect(newest.text.contains(#""version":2"#) && !newest.text.contains(#""version":1"#))

            for number in 0..<5 {
                head = try await store(
                    [("UserCreated", #"{"email":"u\#(number)@example.org","name":"Secret Name \#(number)"}"#)], of: UUID(), in: database)
            }
            let page = try await edge.get("/users?after=\(head)&limit=2&sort=name&order=desc&search=SECRET&total=true")
            #expect(page.status == 200 && page.text.contains(#""total":5"#) && page.text.contains("Secret Name 3"))
            let next = String(try #require(page.text.firstMatch(of: /"next":"([A-Za-z0-9_-]+)"/)).1)
            let list = "limit=2&sort=name&order=desc&search=SECRET"
            let second = try await edge.get("/users?\(list)&cursor=\(next)")
            #expect(
                second.text.contains("Secret Name 2") && second.text.contains("Secret Name 1") && !second.text.contains("Secret Name 3"))

            // Whoever reads the address of a page in a log learns no name from it.
            var padded = next.replacing("-", with: "+").replacing("_", with: "/")
            padded += String(repeating: "=", count: (4 - padded.count % 4) % 4)
            let bytes = try #require(Data(base64Encoded: padded))
            #expect(!String(decoding: bytes, as: UTF8.self).lowercased().contains("secret"))

            let rows = [
                ("/users?cursor=\(next)", "400 invalid_cursor"), ("/users?\(list)&cursor=\(next.dropLast())", "400 invalid_cursor"),
                ("/users?\(list)&cursor=", "400 invalid_cursor"), ("/users?\(list)&cursor=%00", "400 invalid_cursor"),
                ("/users?\(list)&cursor=\(String(repeating: "A", count: 1025))", "400 invalid_cursor"),
                ("/users?\(list)&cursor=\(next)&offset=1", "422 validation_failed"),
                ("/users/\(id)/history?cursor=\(next)", "400 invalid_cursor"),
                ("/users?sort=age", "422 validation_failed"), ("/users?order=up", "422 validation_failed"),
                ("/users?limit=0", "422 validation_failed"),
                ("/users?offset=10001", "422 validation_failed"), ("/users?prefix=a&sort=created_at", "422 validation_failed"),
                ("/users?search=%00", "422 validation_failed"), ("/users?total=1", "400 wrong_type"), ("/users?limit=x", "400 wrong_type"),
                ("/users/\(id)/history?limit=1001", "422 validation_failed"), ("/users/\(UUID())/history", "404 user_not_found"),
            ]
            for (path, refusal) in rows { #expect(try await edge.refusal(path) == refusal, "\(path)") }
        }
    }
}
