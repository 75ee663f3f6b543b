import Configuration
import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldHTTP
import Logging
import SystemPackage

/// What is configured, from the environment and an optional `KEY=value` file. The README lists all of it in one table.
struct Settings: Sendable {
    var databaseURL: String?
    var host: String
    var port: Int
    var keysFile: String?
    var keys: String?
    var issuer: String?
    var audience: String?
    var poolSize: Int
    var aggregateCache: Int
    var projectionBatch: Int
    var readPatience: Duration
    var logLevel: Logger.Level

    init(_ config: ConfigReader) throws {
        if let file = config.string(forKey: "database.url.file") {
            databaseURL = try Self.secret(inFile: file)
        } else {
            // An empty one counts as none: compose files and shells often set variables to nothing.
            databaseURL = config.string(forKey: "database.url", isSecret: true).flatMap { $0.isEmpty ? nil : $0 }
        }
        host = config.string(forKey: "host", default: "127.0.0.1")
        port = try Self.integer("port", 8080, config)
        keysFile = config.string(forKey: "jwt.keys.file")
        keys = config.string(forKey: "jwt.keys", isSecret: true)
        issuer = config.string(forKey: "jwt.issuer")
        audience = config.string(forKey: "jwt.audience")
        poolSize = try Self.integer("database.pool.size", 10, config)
        aggregateCache = try Self.integer("aggregate.cache.size", 20_000, config)
        projectionBatch = try Self.integer("projection.batch.size", 1000, config)
        readPatience = .milliseconds(try Self.integer("read.patience.ms", 5000, config))
        let level = config.string(forKey: "log.level", default: "info")
        guard let known = Logger.Level(rawValue: level) else { throw Misconfigured("LOG_LEVEL “\(level)” is not a log level") }
        logLevel = known
        guard (0...65535).contains(port) else { throw Misconfigured("PORT must be between 0 and 65535") }
        guard poolSize > 0, projectionBatch > 0, aggregateCache >= 0 else {
            throw Misconfigured("DATABASE_POOL_SIZE and PROJECTION_BATCH_SIZE must be positive")
        }
    }

    /// The environment, and beneath it the file if one is named.
    static func load(environmentFile: String? = nil) async throws -> Settings {
        let environment = EnvironmentVariablesProvider()
        guard let environmentFile else { return try Settings(ConfigReader(provider: environment)) }
        let file = try await EnvironmentVariablesProvider(environmentFilePath: .init(environmentFile))
        return try Settings(ConfigReader(providers: [environment, file]))
    }

    func database(for program: String) throws -> ConnectionConfiguration {
        guard let databaseURL else {
            throw Misconfigured("there is no database: set DATABASE_URL or DATABASE_URL_FILE, or use “\(program) dev”")
        }
        var configuration: ConnectionConfiguration
        do {
            configuration = try ConnectionConfiguration(databaseURL)
        } catch {
            throw Misconfigured("DATABASE_URL: \(error.message)")
        }
        configuration.applicationName = program
        return configuration
    }

    func keySet() async throws -> JSONWebKeySet {
        if let keysFile {
            guard let bytes = FileManager.default.contents(atPath: keysFile) else {
                throw Misconfigured("the file that JWT_KEYS_FILE names cannot be read: \(keysFile)")
            }
            return try await Self.keySet([UInt8](bytes))
        }
        guard let keys else { throw Misconfigured("there are no keys for tokens: set JWT_KEYS_FILE or JWT_KEYS") }
        return try await Self.keySet(Array(keys.utf8))
    }

    private static func keySet(_ json: [UInt8]) async throws -> JSONWebKeySet {
        do {
            return try await JSONWebKeySet(json)
        } catch {
            throw Misconfigured("the keys for tokens: \(error)")
        }
    }

    /// A number that cannot be read is a mistake, not the default.
    private static func integer(_ key: ConfigKey, _ usual: Int, _ config: ConfigReader) throws -> Int {
        guard let text = config.string(forKey: key), !text.isEmpty else { return usual }
        guard let number = Int(text) else {
            throw Misconfigured("\(key.components.joined(separator: "_").uppercased()) “\(text)” is not a whole number")
        }
        return number
    }

    private static func secret(inFile path: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: path), let text = String(data: bytes, encoding: .utf8) else {
            throw Misconfigured("the file that DATABASE_URL_FILE names cannot be read: \(path)")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// The configuration is wrong; nothing was started.
struct Misconfigured: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
