import ArgumentParser
import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldService
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

extension Assembly {
    /// Whoever sits at the command line.
    var localOperator: Principal {
        .localOperator(ProcessInfo.processInfo.environment["USER"] ?? "operator", roles: composition.operatorRoles)
    }
}

extension CommonOptions {
    /// The service for a subcommand that ends by itself. Its logs are warnings only, unless LOG_LEVEL says otherwise.
    func assembled<P: CommandLineProgram, T: Sendable>(_ program: P.Type, _ body: (Assembly) async throws -> T) async throws -> T {
        var settings = try await settings()
        if ProcessInfo.processInfo.environment["LOG_LEVEL"] == nil { settings.logLevel = .warning }
        return try await P.withAssembly(settings, body)
    }
}
