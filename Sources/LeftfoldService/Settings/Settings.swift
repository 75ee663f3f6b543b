public import Configuration
import Foundation
public import LeftfoldDriver
public import LeftfoldHTTP
public import LeftfoldPostgres
public import Logging

/// What is configured. The defaults are those of the README's table.
public struct Settings: Sendable {
    /// Any libpq connection string.
    public var databaseURL: String?
    /// A streaming replica that queries are read from; nil: they are read from the database itself.
    public var readDatabaseURL: String?
    /// What the two lead to.
    public var pooler = ConnectionConfiguration.Pooler.none
    /// Where extensions are installed that projections and queries use, other than in `public`.
    public var extensionSchemas: [String] = []
    /// A direct connection to the database, to listen on where the others lead to a pooler; nil: there is none, and what changed is looked for.
    public var listenDatabaseURL: String?
    /// The schema that holds the log.
    public var log: LogName = .standard
    /// Connections for queries at most, and as many for reading the log. One more appends, one listens.
    public var poolSize = 10
    /// Where `serve` listens.
    public var host = "127.0.0.1"
    /// 0 takes a free one.
    public var port = 8080
    /// Where `project` answers `/health` and `/metrics`; nil: nowhere. 0 takes a free one.
    public var projectPort: Int?
    /// Where `serve` answers `/health` and `/metrics`, and no longer on `port`; nil: there. 0 takes a free one.
    public var adminPort: Int?
    /// The address of that port; `host` unless given.
    public var adminHost: String?
    /// Connections of clients at most; as many as the limit of open files leaves room for unless given, up to 10,000.
    public var maximumConnections: Int?
    /// Connections of one address at most (of IPv6: of one /64); nil: as many as of all.
    public var maximumConnectionsPerAddress: Int? = 1_000
    /// How many requests may be under way, and how fast those of one principal may come.
    public var requestLimits = RequestLimits()
    /// A file with the JWKS that tokens are verified by.
    public var keysFile: String?
    /// The JWKS itself, where there is no file.
    public var keys: String?
    /// What tokens must say; the service's name unless given.
    public var issuer: String?
    public var audience: String?
    /// Whether tokens must have `nbf`.
    public var requiresNotBefore = true
    /// A file with the API keys of machines, one JSON object a line.
    public var apiKeysFile: String?
    /// The pages that may call from a browser.
    public var allowedOrigins: [Origin] = []
    /// The certificate chain and the private key, both in PEM, that `serve` answers HTTPS with.
    public var tlsFiles: (certificate: String, key: String)?
    /// What the cursors of lists are sealed with, at least 32 bytes; made of the keys of tokens unless given.
    public var cursorKey: String?
    /// How many aggregates are kept in memory; 0 turns the cache off.
    public var aggregateCache = 20_000
    /// How many answers to queries are kept in memory; 0 turns the cache off.
    public var queryCache = 20_000
    /// The size of their JSON together, at most, in MiB.
    public var queryCacheMegabytes = 64
    /// Events that a projection applies in one transaction at most.
    public var projectionBatch = 1000
    /// Whether a process that projects builds the next generation itself where older code built the live one.
    public var rebuildsChanged = false
    /// How long after its last verification `project` verifies a projection again; nil: never.
    public var verifyEvery: Duration?
    /// Events that a verification replays a second at most; nil: as fast as it goes.
    public var verifyEventsPerSecond: Int? = 10_000
    /// How long a query waits for the position that it demands.
    public var readPatience = Duration.seconds(5)
    public var logLevel = Logger.Level.info
    public var logFormat = LogFormat.text
    /// One line for each HTTP request, at `info`; without it, at `debug`.
    public var logRequests = false
    /// For settings of the service's own: the same environment and file.
    public var own = ConfigReader(provider: InMemoryProvider(values: [:]))

    /// What they are called in the environment.
    private(set) var variables: Set<String> = []

    /// The defaults.
    public init() {}

    /// From the environment, and beneath it a file of `KEY=value` lines if one is named: what is empty counts as not set, so a
    /// variable set to nothing does not hide what the file says. Throws ``Misconfigured``, also for a name that is
    /// unknown but nearly that of a setting which is not set.
    public static func load(environmentFile: String? = nil) throws -> Settings {
        try load(ProcessInfo.processInfo.environment, environmentFile: environmentFile)
    }

    static func load(_ environment: [String: String], environmentFile: String? = nil) throws -> Settings {
        var values = try environmentFile.map { try EnvironmentFile(path: $0).values } ?? [:]
        values = values.filter { !$0.value.isEmpty }.merging(environment.filter { !$0.value.isEmpty }) { $1 }
        let settings = try Settings(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: values)))
        if let misspelling = Misspelling.first(in: values.keys, known: settings.variables) {
            throw Misconfigured("there is no setting \(misspelling.name); \(misspelling.meant) is meant, it seems")
        }
        return settings
    }

    /// `database.pool.size` is `DATABASE_POOL_SIZE` in the environment. Throws ``Misconfigured``, which names the variable and
    /// never quotes its value: it may have been meant for another.
    public init(_ config: ConfigReader) throws {
        own = config
        var variables: Set<String> = []
        // An empty value counts as none throughout: compose files and shells often set variables to nothing.
        func text(_ key: ConfigKey, isSecret: Bool = false) -> String? {
            variables.insert(Self.variable(key))
            return config.string(forKey: key, isSecret: isSecret).flatMap { $0.isEmpty ? nil : $0 }
        }
        func number(_ key: ConfigKey, _ range: ClosedRange<Int>, _ set: (Int) -> Void) throws {
            guard let text = text(key) else { return }
            // What cannot be read is a mistake, not the default.
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number) else {
                throw Misconfigured("\(Self.variable(key)) is not a whole number between \(range.lowerBound) and \(range.upperBound)")
            }
            set(number)
        }
        func choice<T: RawRepresentable<String>>(_ key: ConfigKey, _ usual: T, _ what: String) throws -> T {
            guard let text = text(key) else { return usual }
            guard let value = T(rawValue: text) else { throw Misconfigured("\(Self.variable(key)) is not \(what)") }
            return value
        }
        func flag(_ key: ConfigKey, _ set: (Bool) -> Void) throws {
            guard let text = text(key) else { return }
            guard let value = Bool(text) else { throw Misconfigured("\(Self.variable(key)) is neither “true” nor “false”") }
            set(value)
        }
        func secret(_ key: String, inFile fileKey: String) throws -> String? {
            let fileKey = ConfigKey(fileKey)
            let value = text(ConfigKey(key), isSecret: true)
            return try text(fileKey).map { try Self.secret(inFile: $0, named: Self.variable(fileKey)) } ?? value
        }
        databaseURL = try secret("database.url", inFile: "database.url.file")
        readDatabaseURL = try secret("read.database.url", inFile: "read.database.url.file")
        pooler = try choice("database.pooler", pooler, "“none” or “transaction”")
        listenDatabaseURL = try secret("listen.database.url", inFile: "listen.database.url.file")
        extensionSchemas = try Self.schemas(text("database.extension.schemas"))
        log = try choice("database.log", log, "the name of a log")
        try number("database.pool.size", 1...10_000) { poolSize = $0 }
        host = text("host") ?? host
        try number("port", 0...65535) { port = $0 }
        try number("project.port", 0...65535) { projectPort = $0 }
        try number("admin.port", 0...65535) { adminPort = $0 }
        adminHost = text("admin.host")
        if adminPort == nil, adminHost != nil { throw Misconfigured("ADMIN_HOST is of no use without ADMIN_PORT") }
        if let adminPort, adminPort != 0, adminPort == port, adminHost ?? host == host {
            throw Misconfigured("ADMIN_PORT and PORT are the same")
        }
        try number("connections.max", 1...1_000_000) { maximumConnections = $0 }
        try number("connections.max.per.address", 0...1_000_000) { maximumConnectionsPerAddress = $0 == 0 ? nil : $0 }
        try number("requests.max", 1...1_000_000) { requestLimits.running = $0 }
        try number("requests.max.per.principal", 1...1_000_000) { requestLimits.perPrincipal = $0 }
        try number("event.streams.max", 0...1_000_000) { requestLimits.eventStreams = $0 }
        try number("event.streams.max.per.principal", 0...1_000_000) { requestLimits.eventStreamsPerPrincipal = $0 }
        try number("requests.per.second", 0...1_000_000) { requestLimits.rate = $0 == 0 ? nil : Double($0) }
        try number("requests.burst", 1...1_000_000) { requestLimits.burst = $0 }
        keysFile = text("jwt.keys.file")
        keys = text("jwt.keys", isSecret: true)
        issuer = text("jwt.issuer")
        audience = text("jwt.audience")
        requiresNotBefore = try choice("jwt.not.before", NotBefore.required, "“required” or “optional”") == .required
        apiKeysFile = text("api.keys.file")
        allowedOrigins = try Self.origins(text("cors.allowed.origins"))
        switch (text("tls.certificate.file"), text("tls.key.file")) {
        case (nil, nil): tlsFiles = nil
        case (let certificate?, let key?): tlsFiles = (certificate, key)
        default: throw Misconfigured("TLS_CERTIFICATE_FILE and TLS_KEY_FILE go together: set both or neither")
        }
        cursorKey = try secret("cursor.key", inFile: "cursor.key.file")
        try number("aggregate.cache.size", 0 ... .max) { aggregateCache = $0 }
        try number("query.cache.size", 0 ... .max) { queryCache = $0 }
        try number("query.cache.mib", 1...1_000_000) { queryCacheMegabytes = $0 }
        try flag("projection.rebuild.changed") { rebuildsChanged = $0 }
        try number("projection.batch.size", 1...1_000_000) { projectionBatch = $0 }
        try number("verify.every.seconds", 0...31_536_000) { verifyEvery = $0 == 0 ? nil : .seconds($0) }
        try number("verify.events.per.second", 0...1_000_000_000) { verifyEventsPerSecond = $0 == 0 ? nil : $0 }
        try number("read.patience.ms", 0...3_600_000) { readPatience = .milliseconds($0) }
        logLevel = try choice("log.level", logLevel, "a log level: trace, debug, info, notice, warning, error or critical")
        logFormat = try choice("log.format", logFormat, "“text” or “json”")
        try flag("log.requests") { logRequests = $0 }
        self.variables = variables
    }

    private static func schemas(_ text: String?) throws -> [String] {
        guard let text else { return [] }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let name = part.drop { $0 == " " }
            guard (1...63).contains(name.utf8.count),
                name.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace && $0.value >= 0x20 && $0 != "\"" })
            else { throw Misconfigured("DATABASE_EXTENSION_SCHEMAS is not a list of schemas with commas between") }
            return String(name)
        }
    }

    /// Whether somebody chose a level.
    package var saysLogLevel: Bool { own.string(forKey: "log.level").map { !$0.isEmpty } ?? false }

    private static func variable(_ key: ConfigKey) -> String { key.components.joined(separator: "_").uppercased() }

    /// How the database is reached; `program` is what it is told about who connects. Throws ``Misconfigured``.
    public func connection(for program: String) throws -> ConnectionConfiguration {
        guard let databaseURL else {
            throw Misconfigured("there is no database: set DATABASE_URL or DATABASE_URL_FILE, or use “\(program) dev”")
        }
        return try connection(databaseURL, "DATABASE_URL", program, pooler)
    }

    /// How the replica is reached that queries are read from; nil where there is none. Throws ``Misconfigured``.
    public func readConnection(for program: String) throws -> ConnectionConfiguration? {
        try readDatabaseURL.map { try connection($0, "READ_DATABASE_URL", program, pooler) }
    }

    /// How announcements are listened for where `DATABASE_URL` leads to a pooler; nil where nothing is said. Throws ``Misconfigured``.
    public func listenConnection(for program: String) throws -> ConnectionConfiguration? {
        try listenDatabaseURL.map { try connection($0, "LISTEN_DATABASE_URL", program, .none) }
    }

    private func connection(
        _ url: String, _ variable: String, _ program: String, _ pooler: ConnectionConfiguration.Pooler
    ) throws -> ConnectionConfiguration {
        var configuration: ConnectionConfiguration
        do {
            configuration = try ConnectionConfiguration(url)
        } catch {
            throw Misconfigured("\(variable): \(error.message)")
        }
        configuration.applicationName = program
        configuration.pooler = pooler
        return configuration
    }

    private static func secret(inFile path: String, named variable: String) throws -> String {
        do {
            return String(decoding: try SecretFile.read(path), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw Misconfigured("\(variable): \(error)")
        }
    }
}

/// The configuration is wrong; nothing was started.
public struct Misconfigured: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
