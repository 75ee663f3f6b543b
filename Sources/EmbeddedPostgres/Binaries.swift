import Foundation

/// Why an embedded server could not be had.
public struct EmbeddedPostgresError: Error, Sendable, CustomStringConvertible {
    /// One or more sentences for whoever started us, with the server's own words where it said something.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Where the programs of a Postgres server are.
struct Binaries: Sendable {
    let directory: URL

    var initdb: String { directory.appendingPathComponent("initdb").path }
    var createdb: String { directory.appendingPathComponent("createdb").path }
    var pgCtl: String { directory.appendingPathComponent("pg_ctl").path }
    var postgres: String { directory.appendingPathComponent("postgres").path }

    /// Looks in `LEFTFOLD_POSTGRES_BIN`, `PATH`, what `pg_config` says, Debian's folders and Homebrew's. Prefers the version that made the data.
    static func find(version: String?) throws(EmbeddedPostgresError) -> Binaries {
        var folders: [String] = []
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["LEFTFOLD_POSTGRES_BIN"] { folders.append(chosen) }
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        folders += path
        for folder in path where FileManager.default.isExecutableFile(atPath: folder + "/pg_config") {
            if let answer = try? Command.run(folder + "/pg_config", ["--bindir"]), answer.status == 0 { folders.append(answer.output) }
        }
        folders += versions(in: "/usr/lib/postgresql") { "/usr/lib/postgresql/\($0)/bin" }
        for root in ["/opt/homebrew/opt", "/usr/local/opt"] {
            folders += versions(in: root, prefix: "postgresql@") { "\(root)/postgresql@\($0)/bin" } + ["\(root)/postgresql/bin"]
        }
        // Links in a folder of the PATH lead to the folder where all programs of that version are.
        let found = folders.map { folder in
            URL(fileURLWithPath: folder + "/initdb").resolvingSymlinksInPath().deletingLastPathComponent()
        }.map(Binaries.init(directory:)).filter(\.isComplete)
        if let version {
            if let match = found.first(where: { $0.major == version }) { return match }
            if !found.isEmpty {
                throw EmbeddedPostgresError(
                    "The data folder was made by PostgreSQL \(version), but no server of that version is installed.")
            }
        }
        guard let first = found.first else {
            throw EmbeddedPostgresError(
                "No PostgreSQL server is installed. Install one (Debian: apt install postgresql; macOS: brew install postgresql@17), "
                    + "or give the folder with initdb, pg_ctl and postgres in LEFTFOLD_POSTGRES_BIN.")
        }
        return first
    }

    private var isComplete: Bool {
        [initdb, pgCtl, postgres, createdb].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// `15` from `postgres (PostgreSQL) 15.18`.
    private var major: String? {
        guard let answer = try? Command.run(postgres, ["--version"]), let range = answer.output.range(of: "(PostgreSQL) ") else {
            return nil
        }
        return String(answer.output[range.upperBound...].prefix(while: \.isNumber))
    }

    /// The versions a folder has, newest first.
    private static func versions(in folder: String, prefix: String = "", _ path: (String) -> String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
            .filter { Double($0) != nil }
            .sorted { (Double($0) ?? 0) > (Double($1) ?? 0) }
            .map(path)
    }
}
