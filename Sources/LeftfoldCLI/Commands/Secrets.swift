import ArgumentParser
import Foundation
import LeftfoldHTTP
import LeftfoldService

struct Secrets<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "secrets", abstract: "Make the secret files of a deployment, as far as they are missing.",
            discussion: """
                A folder for each reader, so that each can be given to that one alone: postgres/postgres_password for the \
                database's own container, database/database_url for all parts of the service, tokens/jwt_keys.json for the one \
                that answers HTTP. Only their owner may read them. What is there stays. docker compose runs it first.
                """)
    }

    @OptionGroup var output: OutputOptions
    @Argument(help: "The folder.")
    var folder: String
    @Option(name: .long, help: "Host in database_url.")
    var databaseHost = "postgres"
    @Option(name: .long, help: "Database name in database_url.")
    var databaseName = P.name
    @Option(name: .long, help: "User in database_url.")
    var databaseUser = P.name

    func run() async throws {
        let folder = URL(filePath: folder, directoryHint: .isDirectory)
        let passwordFile = folder.appending(path: "postgres/postgres_password")
        try write("postgres/postgres_password", in: folder) { Array(Self.password().utf8) }
        try write("database/database_url", in: folder) {
            let password = String(decoding: try SecretFile.read(passwordFile.path), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            return Array("postgresql://\(databaseUser):\(password)@\(databaseHost)/\(databaseName)\n".utf8)
        }
        try write("tokens/jwt_keys.json", in: folder) { JSONWebKeySet.generate() }
    }

    private func write(_ name: String, in folder: URL, _ content: () throws -> [UInt8]) throws {
        let url = folder.appending(path: name)
        let isThere = FileManager.default.fileExists(atPath: url.path)
        if !isThere {
            try SecretFile.makeFolder(url.deletingLastPathComponent().path)
            try SecretFile.write(try content(), to: url.path)
        }
        try Printing(json: output.json).object(Answer(file: url.path, made: !isThere), text: "\(isThere ? "kept" : "made"): \(url.path)")
    }

    private struct Answer: Encodable {
        let file: String
        let made: Bool
    }

    /// 40 characters that need no escaping in a URL: 200 random bits and more.
    private static func password() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var random = SystemRandomNumberGenerator()
        return String((0..<40).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
    }
}
