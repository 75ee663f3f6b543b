import Configuration
import Foundation
import LeftfoldHTTP
import Logging
import Synchronization
import Testing

@testable import Leftfold
@testable import LeftfoldService

@Suite("The key of cursors")
struct CursorKeyTests {
    private let payload = Array("ListUsers\0Ada Lovelace".utf8)

    private func seal(_ values: [String: String], _ logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) throws
        -> CursorSeal
    {
        try Settings(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: values))).cursorSeal(
            roles: .serve, logger: logger)
    }

    @Test("makes texts that tell nothing, are the same for the same, and are read with the same key only")
    func sealed() throws {
        let first = try seal(["CURSOR_KEY": String(repeating: "a", count: 32)])
        let sealed = try first.seal(payload)
        #expect(try first.seal(payload) == sealed)
        #expect(first.open(sealed) == payload)
        #expect(!String(decoding: sealed, as: UTF8.self).contains("Ada"))
        #expect(try seal(["CURSOR_KEY": String(repeating: "a", count: 32)]).open(sealed) == payload)
        #expect(try seal(["CURSOR_KEY": String(repeating: "b", count: 32)]).open(sealed) == nil)
        for index in sealed.indices {
            var flipped = sealed
            flipped[index] ^= 1
            #expect(first.open(flipped) == nil)
            #expect(first.open(Array(sealed.prefix(index))) == nil)
        }
        #expect(first.open(sealed + [0]) == nil)
    }

    @Test("is made of the first secret among the keys of tokens; else it is random, and the log says so")
    func derived() throws {
        let keys = String(decoding: JSONWebKeySet.generate(), as: UTF8.self)
        let sealed = try seal(["JWT_KEYS": keys]).seal(payload)
        #expect(try seal(["JWT_KEYS": keys]).open(sealed) == payload)
        #expect(try seal(["JWT_KEYS": String(decoding: JSONWebKeySet.generate(), as: UTF8.self)]).open(sealed) == nil)

        let lines = Mutex<[String]>([])
        let logger = Logger(label: "test") { label in
            LineLogHandler(label: label, form: JSONLogLine.init) { line in
                lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
        #expect(try seal(["JWT_KEYS": #"{"keys":[{"kty":"RSA","kid":"a","alg":"RS256"}]}"#], logger).open(sealed) == nil)
        #expect(lines.withLock { $0.count } == 1)
    }

    @Test("must be long enough and readable")
    func refused() {
        #expect(throws: Misconfigured.self) { try seal(["CURSOR_KEY": String(repeating: "a", count: 31)]) }
        #expect(throws: Misconfigured.self) { try seal(["CURSOR_KEY_FILE": "/nowhere"]) }
    }
}
