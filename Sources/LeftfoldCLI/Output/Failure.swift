import ArgumentParser
import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldHTTP
import LeftfoldPostgres
import LeftfoldService

/// Why the program ends without having done what it was asked: one sentence, a code that stays, and the exit status.
struct Failure: Error {
    let code: String
    let message: String
    let status: ExitCode
    /// What people are told, where it is more than the message; empty where nobody is told anything.
    var text: String?

    init(_ code: String, _ message: String, _ status: ExitCode) {
        (self.code, self.message, self.status) = (code, message, status)
    }

    /// - Parameter usage: the command whose usage is told with wrong arguments.
    init(_ error: any Error, usage: (some ParsableCommand).Type) {
        switch error {
        case let failure as Failure: self = failure
        case let interrupted as Interrupted:
            self.init("interrupted", "stopped by \(interrupted.signal): \(interrupted.leaving)", interrupted.status)
        case let misconfigured as Misconfigured: self.init("misconfigured", "\(misconfigured)", .misconfigured)
        case let problem as SecretFile.Problem: self.init("misconfigured", "\(problem)", .misconfigured)
        case let name as UnusableName: self.init("misconfigured", "\(name)", .misconfigured)
        case let missing as MissingRights: self.init("missing_rights", "\(missing)", .misconfigured)
        case let tables as ForeignReadTables: self.init("missing_rights", "\(tables)", .misconfigured)
        case let shared as SharedRoles: self.init("shared_roles", "\(shared)", .misconfigured)
        case let unavailable as Unavailable: self.init(unavailable.code, unavailable.message, .unavailable)
        case let error as PostgresError where !error.isConnectionFailure: self.init("database_error", "\(error)", .failure)
        case let error as PostgresError where error.isWorthWaitingFor: self.init("unavailable", error.explanation, .unavailable)
        case let error as PostgresError: self.init("misconfigured", error.explanation, .misconfigured)
        case let refusal as any Refusal:
            self.init(refusal.code, refusal.message, .failure)
            text = "error: \(code): \(message.escapingControls)"
        case is CancellationError: self.init("interrupted", "stopped", .failure)
        case let lost as StandardOutput.Lost: self.init(lost.code)
        case _ where usage.exitCode(for: error) == .validationFailure:
            self.init("usage", usage.message(for: error), .validationFailure)
            text = usage.fullMessage(for: error).escapingControlsInLines
        default:
            if let code = error.systemCode, [EPIPE, ENOSPC, EBADF].contains(code) {
                self.init(code)
            } else {
                self.init("failed", (error as? CocoaError)?.localizedDescription ?? "\(error)", .failure)
            }
        }
    }

    /// Standard output cannot be written to.
    private init(_ systemCode: Int32) {
        if systemCode == EPIPE {
            // `… | head -1` has what it wanted.
            self.init("reader_gone", "nobody reads standard output any more", .readerGone)
            text = ""
        } else {
            self.init("output_failed", "the output cannot be written: \(String(cString: strerror(systemCode)))", .outputFailed)
        }
    }

    /// On standard error.
    func tell(json: Bool) {
        guard text != "" else { return }
        LogOutput.standardError.write((json ? line : text ?? "error: \(message.escapingControlsInLines)") + "\n")
    }

    /// For machines.
    var line: String { Self.line(code, message, [("status", .integer(Int64(status.rawValue)))]) }

    /// What is no failure but belongs on standard error, for machines.
    static func note(_ code: String, _ message: String) -> String { line(code, message, []) + "\n" }

    private static func line(_ code: String, _ message: String, _ more: [(name: String, value: JSONText)]) -> String {
        let fields: [(name: String, value: JSONText)] = [("code", .string(code)), ("message", .string(message))] + more
        return String(decoding: JSONObject.inserting(fields, into: JSONObject.empty), as: UTF8.self).escapingControlsInJSON
    }
}

extension String {
    /// What servers and libraries say may have several lines.
    var escapingControlsInLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).escapingControls }.joined(separator: "\n")
    }
}

extension Error {
    /// The system's error number beneath it, if there is one.
    fileprivate var systemCode: Int32? {
        if let error = self as? POSIXError { return error.code.rawValue }
        return ((self as? CocoaError)?.underlying as? POSIXError)?.code.rawValue
    }
}
