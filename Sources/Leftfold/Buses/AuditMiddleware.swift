/// Puts every refusal and fault in the journal. Accepted commands are there already: their row commits with their events.
///
/// It also answers repeats: a command that was answered before is recognised by its id when its refusal is to be
/// recorded, and gets the first answer again (I10), whatever the state says by now.
struct AuditMiddleware: CommandMiddleware {
    let audit: Audit

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        let stream = command.target.name
        do {
            return try await next(command, context)
        } catch let refusal as any Refusal {
            return try await audit.record(refusal, of: C.name, for: stream, context)
        } catch {
            return try await audit.record(fault: error, of: C.name, for: stream, context)
        }
    }
}

/// Writes refusals to the journal.
struct Audit: Sendable {
    let store: any EventStore

    /// Records the refusal and throws it, unless the command id is known: then the first answer stands.
    func record(
        _ refusal: any Refusal, of commandName: String, for stream: StreamName?, _ context: CommandContext
    ) async throws -> Receipt {
        guard let outcome = refusal.outcome else { throw refusal }
        let result = try await store.append(
            AppendRequest(
                context, commandName: commandName, stream: stream, write: .refusal(outcome, code: refusal.code)))
        switch result {
        case .acceptedBefore(let version, let position):
            guard let stream else { throw CommandIDReused(context.commandID) }
            return Receipt(stream: stream, version: version, position: position)
        case .refusedBefore(outcome, code: refusal.code): throw refusal
        case .refusedBefore(let recorded, let code): throw AnsweredBefore(recorded: recorded, code: code)
        case .commandIDReused: throw CommandIDReused(context.commandID)
        case .refusalRecorded, .appended, .wrongExpectedVersion, .claimTaken, .predecessorNotAppended: throw refusal
        }
    }

    /// Records a fault of the service, if that is still possible, and throws it.
    func record(
        fault: any Error, of commandName: String, for stream: StreamName?, _ context: CommandContext
    ) async throws -> Receipt {
        let failed = ServiceFault(underlying: fault)
        do {
            return try await record(failed, of: commandName, for: stream, context)
        } catch is ServiceFault {
            throw fault
        } catch let answered as AnsweredBefore {
            throw answered
        } catch let reused as CommandIDReused {
            throw reused
        } catch {
            throw fault
        }
    }
}

private struct ServiceFault: Refusal {
    let underlying: any Error
    var outcome: Outcome? { .failed }
    var code: String { "internal_error" }
    var message: String { "The service failed." }
}
