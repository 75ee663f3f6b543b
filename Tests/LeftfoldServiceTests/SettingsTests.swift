import Configuration
import Foundation
import LeftfoldHTTP
import LeftfoldPostgres
import Logging
import Synchronization
import Testing

@testable import LeftfoldService

@Suite("Settings")
struct SettingsTests {
    private func settings(_ values: [String: String]) throws -> Settings {
        try Settings(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: values)))
    }

    @Test("are those of the README's table unless given")
    func defaults() throws {
        let settings = try settings([:])
        #expect(settings.databaseURL == nil)
        #expect((settings.host, settings.port, settings.projectPort) == ("127.0.0.1", 8080, nil))
        #expect((settings.poolSize, settings.aggregateCache, settings.projectionBatch) == (10, 20_000, 1000))
        #expect((settings.queryCache, settings.queryCacheMegabytes, settings.readDatabaseURL) == (20_000, 64, nil))
        #expect((settings.readPatience, settings.logLevel, settings.logFormat) == (.seconds(5), .info, .text))
        #expect(settings.log == .standard)
        #expect(settings.requiresNotBefore && settings.allowedOrigins.isEmpty && settings.tlsFiles == nil && settings.scheme == "http")
    }

    @Test("are read from the environment; an empty value counts as none")
    func read() throws {
        let settings = try settings([
            "DATABASE_URL": "host=/tmp", "DATABASE_LOG": "accounts", "PORT": "0", "PROJECT_PORT": "8081", "HOST": "",
            "READ_PATIENCE_MS": "250",
            "LOG_LEVEL": "debug", "LOG_FORMAT": "json", "JWT_ISSUER": "", "SMTP_HOST": "mail",
            "CORS_ALLOWED_ORIGINS": "https://app.example.com, http://localhost:3000", "TLS_CERTIFICATE_FILE": "c", "TLS_KEY_FILE": "k",
            "JWT_NOT_BEFORE": "optional", "API_KEYS_FILE": "keys",
        ])
        #expect(settings.allowedOrigins.map(\.rawValue) == ["https://app.example.com", "http://localhost:3000"])
        #expect(settings.tlsFiles?.certificate == "c" && settings.tlsFiles?.key == "k" && settings.scheme == "https")
        #expect(!settings.requiresNotBefore && settings.apiKeysFile == "keys")
        #expect((settings.databaseURL, settings.log.rawValue) == ("host=/tmp", "accounts"))
        #expect((settings.host, settings.port, settings.projectPort, settings.issuer) == ("127.0.0.1", 0, 8081, nil))
        #expect((settings.readPatience, settings.logLevel, settings.logFormat) == (.milliseconds(250), .debug, .json))
        #expect(settings.own.string(forKey: "smtp.host") == "mail")
    }

    @Test(
        "that cannot be meant are refused by name",
        arguments: [
            ("PORT", "eighty"), ("PORT", "65536"), ("PROJECT_PORT", "-1"), ("DATABASE_POOL_SIZE", "0"), ("PROJECTION_BATCH_SIZE", "0"),
            ("AGGREGATE_CACHE_SIZE", "-1"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"), ("DATABASE_LOG", "Pg Log"),
            ("DATABASE_URL_FILE", "/nowhere"), ("READ_DATABASE_URL_FILE", "/nowhere"), ("QUERY_CACHE_SIZE", "-1"), ("QUERY_CACHE_MIB", "0"),
            ("CORS_ALLOWED_ORIGINS", "*"), ("CORS_ALLOWED_ORIGINS", "https://a.example,"),
            ("CORS_ALLOWED_ORIGINS", "https://a.example/"), ("TLS_CERTIFICATE_FILE", "/nowhere"), ("TLS_KEY_FILE", "/nowhere"),
            ("JWT_NOT_BEFORE", "never"),
        ])
    func refused(name: String, value: String) {
        #expect {
            try settings([name: value])
        } throws: { error in
            (error as? Misconfigured)?.description.contains(name) == true
        }
    }
}

@Suite("Logs as JSON")
struct JSONLogTests {
    private func line(_ log: (Logger) -> Void) throws -> [String: Any] {
        let written = Mutex<[UInt8]>([])
        var logger = Logger(label: "bank") { label in
            JSONLogHandler(label: label) { line in written.withLock { $0 += line } }
        }
        logger.logLevel = .debug
        logger[metadataKey: "process"] = "7"
        log(logger)
        let bytes = written.withLock { $0 }
        #expect(bytes.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(bytes.last == UInt8(ascii: "\n"))
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test("are one object a line, whatever is in them")
    func object() throws {
        let line = try line { logger in
            logger.warning(
                "two\nlines, “quotes” and \u{1B}[2J", metadata: ["a\"b": ["x", ["y": "z"]], "n": "\(7)", "process": "8"])
        }
        #expect(line["level"] as? String == "warning")
        #expect(line["label"] as? String == "bank")
        #expect(line["message"] as? String == "two\nlines, “quotes” and \u{1B}[2J")
        let metadata = try #require(line["metadata"] as? [String: Any])
        #expect(metadata["process"] as? String == "8")
        #expect(metadata["n"] as? String == "7")
        #expect((metadata["a\"b"] as? [Any])?.first as? String == "x")
        let time = try #require(line["timestamp"] as? String)
        #expect(abs(try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(time).timeIntervalSinceNow) < 60)
    }

    @Test("have no metadata where there is none, and an error where there is one")
    func bare() throws {
        var line = try line { logger in logger.info("up") }
        #expect((line["metadata"] as? [String: Any])?.count == 1)
        line = try self.line { logger in logger.error("down", error: Misconfigured("no disk")) }
        #expect((line["metadata"] as? [String: Any])?["error"] as? String == "no disk")
    }
}
