import HTTPTypes
import HummingbirdTesting
import Logging
import Testing

@testable import LeftfoldHTTP

@Suite("A request that is turned away") struct DenialTests {
    @Test("leaves one line with its code, its correlation id and the subject if it is known, but not its token")
    func line() async throws {
        let log = Log()
        let service = try await Service(log: log)
        _ = try await service.send(.get, "/whoami", headers: [.authorization: "Bearer swordfish.a.b", .correlationID: "c1"])
        _ = try await service.send(.get, "/whoami", headers: [.authorization: "", .correlationID: "c2"])
        _ = try await service.send(.post, "/queries/AuditNotes", "{}", headers: [.correlationID: "c3"])
        _ = try await service.send(.get, "/whoami")
        let (failed, denied) = (log.lines(.notice), log.lines(.warning))
        #expect(failed.count == 2 && failed[0].contains("invalid_token") && failed[0].contains("c1"))
        #expect(failed.last?.contains("missing_token") == true && failed.last?.contains("c2") == true)
        #expect(denied.count == 1 && denied[0].contains("forbidden") && denied[0].contains("ada") && denied[0].contains("c3"))
        #expect(!log.text.contains("swordfish") && !log.text.contains(service.token))
    }

    @Test("does not fill the log: the next line says how many were left out, and strangers do not silence principals")
    func flood() async throws {
        let log = Log()
        let logger = Logger(label: "") { _ in LogCollector(log) }
        let denials = DenialLog()
        for number in 1...5000 { denials.note("invalid_token", subject: nil, route: "/", correlationID: "\(number)", logger) }
        let written = log.lines(.notice).count
        #expect((20..<100).contains(written))
        denials.note("forbidden", subject: "ada", route: "/", correlationID: "x", logger)
        #expect(log.lines(.warning).count == 1)
        // A tenth of a second buys the next line.
        while log.lines(.notice).count == written { denials.note("invalid_token", subject: nil, route: "/", correlationID: "last", logger) }
        #expect(log.lines(.notice).last?.contains("left_out") == true)
    }
}
