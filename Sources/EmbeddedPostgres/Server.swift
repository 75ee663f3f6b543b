import Foundation

/// Drives `initdb` and `pg_ctl`. Blocks; called from threads of our own.
struct Server: Sendable {
    static let defaultPort = 5432

    let folder: DataFolder
    let account: Account
    let binaries: Binaries
    let log: @Sendable (String) -> Void

    init(folder: DataFolder, log: @escaping @Sendable (String) -> Void) throws(EmbeddedPostgresError) {
        self.folder = folder
        self.log = log
        account = try Account.forServer()
        binaries = try Binaries.find(version: folder.version)
    }

    /// Returns the folder of the socket.
    func start(settings: [String: String], port: Int?) throws(EmbeddedPostgresError) -> URL {
        try account.makePrivateFolder(folder.root)
        return try folder.locked { () throws(EmbeddedPostgresError) in
            if folder.version == nil { try initialize(durable: settings["fsync"] != "off") }
            let socket = try folder.socketDirectory(account)
            let wanted = try configuration(settings, socket: socket, port: port)
            let changed = (try? String(contentsOf: folder.settings, encoding: .utf8)) != wanted
            if changed { try write(wanted, to: folder.settings) }
            if let running = folder.running() {
                if !changed {
                    log("PostgreSQL runs already (process \(running.process)); going on with it.")
                    try waitUntilReady()
                    return URL(fileURLWithPath: running.socketDirectory.isEmpty ? socket.path : running.socketDirectory)
                }
                log("PostgreSQL runs with other settings; restarting it.")
                try control("stop", ["-m", "fast"])
            }
            log("Starting PostgreSQL in \(folder.data.path).")
            try control("start", [])
            return socket
        }
    }

    func stop(immediate: Bool) throws(EmbeddedPostgresError) {
        try folder.locked { () throws(EmbeddedPostgresError) in
            guard folder.running() != nil else { return }
            try control("stop", ["-m", immediate ? "immediate" : "fast"])
            log("PostgreSQL has stopped.")
        }
    }

    func restart(immediate: Bool) throws(EmbeddedPostgresError) {
        try folder.locked { () throws(EmbeddedPostgresError) in
            if folder.running() != nil { try control("stop", ["-m", immediate ? "immediate" : "fast"]) }
            try control("start", [])
        }
    }

    func createDatabase(_ name: String, socket: URL) throws(EmbeddedPostgresError) {
        let port = folder.running()?.port ?? Server.defaultPort
        let answer = try account.run(binaries.createdb, ["-h", socket.path, "-p", String(port), "-U", "postgres", "--", name])
        guard answer.status == 0 || answer.output.contains("already exists") else {
            throw EmbeddedPostgresError("The database \(name) cannot be made: \(answer.output)")
        }
    }

    /// Makes the data folder beside its final place and moves it there when it is whole, so that an interrupted start leaves no half of one.
    private func initialize(durable: Bool) throws(EmbeddedPostgresError) {
        log("Making a new database in \(folder.data.path).")
        let fresh = folder.unfinished
        try? FileManager.default.removeItem(at: fresh)
        try write(UUID().uuidString + UUID().uuidString, to: folder.password)
        var failure = ""
        for locale in ["C.UTF-8", "C"] {
            let answer = try account.run(
                binaries.initdb,
                [
                    "-D", fresh.path, "-U", "postgres", "-E", "UTF8", "--locale=\(locale)", "--auth-local=trust",
                    "--auth-host=scram-sha-256",
                    "--pwfile=\(folder.password.path)",
                ] + (durable ? [] : ["--no-sync"]))
            if answer.status == 0 {
                try finish(fresh)
                return
            }
            failure = answer.output
            try? FileManager.default.removeItem(at: fresh)
        }
        throw EmbeddedPostgresError("initdb failed: \(failure)")
    }

    private func finish(_ fresh: URL) throws(EmbeddedPostgresError) {
        do {
            let file = fresh.appendingPathComponent("postgresql.conf")
            var text = try String(contentsOf: file, encoding: .utf8)
            text += "\ninclude_if_exists = 'leftfold.conf'\n"
            try write(text, to: file)
            try FileManager.default.moveItem(at: fresh, to: folder.data)
        } catch {
            throw EmbeddedPostgresError("The new data folder cannot be finished: \(error)")
        }
    }

    /// The text of our part of the configuration.
    private func configuration(_ settings: [String: String], socket: URL, port: Int?) throws(EmbeddedPostgresError) -> String {
        var all = [
            "unix_socket_directories": socket.path, "unix_socket_permissions": "0700", "port": String(port ?? Server.defaultPort),
            "listen_addresses": port == nil ? "" : "127.0.0.1",
        ]
        all.merge(settings) { _, chosen in chosen }
        var text = "# Written by EmbeddedPostgres at every start.\n"
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            let sound = name.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2E
            }
            guard sound, !name.isEmpty, !value.contains(where: \.isNewline) else {
                throw EmbeddedPostgresError("The server setting \(name) has an invalid name or value.")
            }
            let quoted = value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "''")
            text += "\(name) = '\(quoted)'\n"
        }
        return text
    }

    private func write(_ text: String, to file: URL) throws(EmbeddedPostgresError) {
        do {
            try Data(text.utf8).write(to: file, options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        } catch {
            throw EmbeddedPostgresError("\(file.path) cannot be written: \(error.localizedDescription)")
        }
        account.own(file.path)
    }

    private func control(_ action: String, _ arguments: [String]) throws(EmbeddedPostgresError) {
        let answer = try account.run(
            binaries.pgCtl, ["-D", folder.data.path, "-w", "-t", "60", "-s", "-l", folder.log.path] + arguments + [action])
        guard answer.status == 0 else {
            throw EmbeddedPostgresError("pg_ctl \(action) failed: \(answer.output)\n\(folder.lastWords)")
        }
    }

    /// For a server that somebody else is just starting.
    private func waitUntilReady() throws(EmbeddedPostgresError) {
        let end = Date().addingTimeInterval(60)
        while Date() < end {
            guard let running = folder.running() else { throw EmbeddedPostgresError("The server went away.\n\(folder.lastWords)") }
            if running.isReady { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw EmbeddedPostgresError("The server did not become ready within 60 s.\n\(folder.lastWords)")
    }
}
