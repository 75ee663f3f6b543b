import ArgumentParser
import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import Logging

/// Runs a subcommand's body; turns what it throws into one line on standard error and an exit status.
func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let exit as ExitCode {
        throw exit
    } catch let misconfigured as Misconfigured {
        throw failure("\(misconfigured)", .misconfigured)
    } catch let unavailable as Unavailable {
        throw failure(unavailable.message, .unavailable)
    } catch let error as PostgresError {
        throw failure("\(error)", error.isConnectionFailure ? .unavailable : .failure)
    } catch let refusal as any Refusal {
        throw failure("\(refusal.code): \(refusal.message)", .failure)
    } catch is CancellationError {
        throw failure("stopped", .failure)
    } catch {
        throw failure("\(error)", .failure)
    }
}

func failure(_ message: String, _ code: ExitCode) -> ExitCode {
    FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    return code
}

/// The principal of whoever sits at the command line.
func operatorPrincipal() -> Principal { .localOperator(ProcessInfo.processInfo.environment["USER"] ?? "operator") }

extension CommonOptions {
    /// Settings and composition for a subcommand that ends by itself. Its logs are warnings only, unless LOG_LEVEL says otherwise.
    func assembled<C: Composition, T: Sendable>(_ type: C.Type, _ body: (Assembly<C>) async throws -> T) async throws -> T {
        let settings = try await settings()
        let level = ProcessInfo.processInfo.environment["LOG_LEVEL"] == nil ? .warning : settings.logLevel
        return try await Assembly<C>(settings, logger: .forProgram(C.name, level: level)).use(body)
    }
}
