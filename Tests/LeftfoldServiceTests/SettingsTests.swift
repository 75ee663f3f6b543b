import Configuration
import Foundation
import LeftfoldHTTP
import LeftfoldPostgres
import Logging
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
        #expect((settings.verifyEvery, settings.verifyEventsPerSecond) == (nil, 10_000))
        #expect((settings.adminPort, settings.adminHost, settings.maximumConnections) == (nil, nil, nil))
        #expect((settings.maximumConnectionsPerAddress, settings.requestLimits) == (1000, RequestLimits()))
        #expect(settings.requiresNotBefore && settings.allowedOrigins.isEmpty && settings.tlsFiles == nil && settings.scheme == "http")
    }

    @Test("are read from the environment; an empty value counts as none")
    func read() throws {
        let settings = try settings([
            "DATABASE_URL": "host=/tmp", "DATABASE_POOLER": "transaction", "LISTEN_DATABASE_URL": "host=/run", "DATABASE_LOG": "accounts",
            "DATABASE_EXTENSION_SCHEMAS": "extensions, Other-1", "PROJECTION_REBUILD_CHANGED": "true",
            "PORT": "0", "PROJECT_PORT": "8081", "HOST": "",
            "READ_PATIENCE_MS": "250",
            "LOG_LEVEL": "debug", "LOG_FORMAT": "json", "LOG_REQUESTS": "true", "JWT_ISSUER": "", "SMTP_HOST": "mail",
            "CORS_ALLOWED_ORIGINS": "https://app.example.com, http://localhost:3000", "TLS_CERTIFICATE_FILE": "c", "TLS_KEY_FILE": "k",
            "JWT_NOT_BEFORE": "optional", "API_KEYS_FILE": "keys", "ADMIN_PORT": "8082", "ADMIN_HOST": "::1", "CONNECTIONS_MAX": "50",
            "CONNECTIONS_MAX_PER_ADDRESS": "0", "REQUESTS_MAX": "9", "REQUESTS_MAX_PER_PRINCIPAL": "8", "REQUESTS_PER_SECOND": "7",
            "VERIFY_EVERY_SECONDS": "3600", "VERIFY_EVENTS_PER_SECOND": "0", "REQUESTS_BURST": "6", "EVENT_STREAMS_MAX": "5",
            "EVENT_STREAMS_MAX_PER_PRINCIPAL": "0",
        ])
        #expect((settings.adminPort, settings.adminHost, settings.maximumConnections) == (8082, "::1", 50))
        #expect(settings.maximumConnectionsPerAddress == nil)
        #expect((settings.requestLimits.running, settings.requestLimits.perPrincipal) == (9, 8))
        #expect((settings.requestLimits.rate, settings.requestLimits.burst) == (7, 6))
        #expect((settings.requestLimits.eventStreams, settings.requestLimits.eventStreamsPerPrincipal) == (5, 0))
        #expect(settings.allowedOrigins.map(\.rawValue) == ["https://app.example.com", "http://localhost:3000"])
        #expect(settings.tlsFiles?.certificate == "c" && settings.tlsFiles?.key == "k" && settings.scheme == "https")
        #expect(!settings.requiresNotBefore && settings.apiKeysFile == "keys" && settings.logRequests)
        #expect((settings.databaseURL, settings.log.rawValue) == ("host=/tmp", "accounts"))
        #expect((settings.host, settings.port, settings.projectPort, settings.issuer) == ("127.0.0.1", 0, 8081, nil))
        #expect((settings.readPatience, settings.logLevel, settings.logFormat) == (.milliseconds(250), .debug, .json))
        #expect(("\(settings.pooler)", settings.listenDatabaseURL) == ("transaction", "host=/run"))
        #expect(settings.extensionSchemas == ["extensions", "Other-1"] && settings.rebuildsChanged)
        #expect((settings.verifyEvery, settings.verifyEventsPerSecond) == (.seconds(3600), nil))
        #expect(settings.own.string(forKey: "smtp.host") == "mail")
    }

    @Test(
        "that cannot be meant are refused by name",
        arguments: [
            ("PORT", "eighty"), ("PORT", "65536"), ("PROJECT_PORT", "-1"), ("DATABASE_POOL_SIZE", "0"), ("PROJECTION_BATCH_SIZE", "0"),
            ("AGGREGATE_CACHE_SIZE", "-1"), ("PORT", "+80"), ("PORT", "8080 "), ("PORT", "8e3"), ("PORT", "99999999999999999999"),
            ("READ_PATIENCE_MS", "1.5"), ("LOG_REQUESTS", "yes"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"),
            ("DATABASE_POOLER", "session"), ("DATABASE_LOG", "Pg Log"),
            ("DATABASE_EXTENSION_SCHEMAS", "a,"), ("DATABASE_EXTENSION_SCHEMAS", "a b"), ("DATABASE_EXTENSION_SCHEMAS", "\"a\""),
            ("DATABASE_URL_FILE", "/nowhere"), ("READ_DATABASE_URL_FILE", "/nowhere"), ("QUERY_CACHE_SIZE", "-1"), ("QUERY_CACHE_MIB", "0"),
            ("CORS_ALLOWED_ORIGINS", "*"), ("CORS_ALLOWED_ORIGINS", "https://a.example,"),
            ("CORS_ALLOWED_ORIGINS", "https://a.example/"), ("TLS_CERTIFICATE_FILE", "/nowhere"), ("TLS_KEY_FILE", "/nowhere"),
            ("JWT_NOT_BEFORE", "never"), ("ADMIN_PORT", "65536"), ("CONNECTIONS_MAX", "0"), ("CONNECTIONS_MAX_PER_ADDRESS", "-1"),
            ("REQUESTS_MAX", "0"), ("REQUESTS_MAX_PER_PRINCIPAL", "0"), ("REQUESTS_PER_SECOND", "0.5"), ("REQUESTS_BURST", "0"),
            ("ADMIN_HOST", "::1"), ("ADMIN_PORT", "8080"), ("VERIFY_EVERY_SECONDS", "1h"), ("VERIFY_EVENTS_PER_SECOND", "-1"),
        ])
    func refused(name: String, value: String) {
        #expect {
            try settings([name: value])
        } throws: { error in
            let told = (error as? Misconfigured)?.description
            return told?.contains(name) == true && (value == "/nowhere" || value.count == 1 || told?.contains(value) == false)
        }
    }

    @Test("of a file lie beneath those of the environment; a variable set to nothing hides none")
    func layers() throws {
        let file = try TemporaryFile("DATABASE_URL=host=/file\nPORT=1\nHOST=::1\nJWT_ISSUER=\n")
        let settings = try Settings.load(["DATABASE_URL": "", "PORT": "2", "JWT_ISSUER": ""], environmentFile: file.path)
        #expect((settings.databaseURL, settings.port, settings.host, settings.issuer) == ("host=/file", 2, "::1", nil))
        #expect(throws: Misconfigured.self) { try Settings.load([:], environmentFile: "/nowhere") }
    }

    static let names: [(name: String, meant: String?)] = [
        ("DATABSE_URL", "DATABASE_URL"), ("DATABASE_URI", "DATABASE_URL"), ("DATABASE_URL_FIEL", "DATABASE_URL_FILE"),
        ("database_url", "DATABASE_URL"), ("JWT_KEY", "JWT_KEYS"), ("JWT_KEY_FILE", "JWT_KEYS_FILE"), ("LOGLEVEL", "LOG_LEVEL"),
        ("LOG_LEVLE", "LOG_LEVEL"), ("PROT", "PORT"), ("PORTS", "PORT"), ("HOTS", "HOST"), ("PROJECTPORT", "PROJECT_PORT"),
        ("COST", nil), ("SPORT", nil), ("POST", "PORT"), ("PATH", nil), ("HOME", nil), ("HOSTNAME", nil), ("SMTP_HOST", nil),
        ("SMTP_PORT", nil), ("LOGNAME", nil), ("LANG", nil), ("LC_ALL", nil), ("PGPORT", nil), ("REPORT_PORT", nil), ("SSH_TTY", nil),
    ]

    @Test("that are nearly known are refused, unless the one that is meant is set", arguments: names)
    func misspelt(name: String, meant: String?) throws {
        let known = try settings([:]).variables
        #expect(Misspelling.first(in: [name], known: known)?.meant == meant)
        guard let meant else { return }
        #expect(Misspelling.first(in: [name, meant], known: known) == nil)
        #expect {
            try Settings.load([name: "secret"])
        } throws: { error in
            let told = "\(error)"
            return told.contains(name) && told.contains(meant) && !told.contains("secret")
        }
    }

    @Test("none of the known ones is taken for another")
    func apart() throws {
        let known = try settings([:]).variables
        #expect(known.count > 15)
        for name in known { #expect(Misspelling.first(in: [name], known: known) == nil) }
    }
}
