/// Puts every refusal and fault in the journal. Accepted commands are there already: their row commits with their events.
///
/// What is denied is recorded under an id of its own: whoever may not send a command cannot use up the id of those who may.
///
/// It also answers repeats: a command that was answered before is recognised by its id when its refusal is to be
/// recorded, and gets the first answer again (I10), whatever the state says by now.
///
/// A refusal that was decided in an epoch of the log is recorded in no other: there the command may be welcome.
struct JournalMiddleware: CommandMiddleware {
    let journal: Journaling

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        let epoch = await journal.store.history.current()
        do {
            return try await next(command, context)
        } catch let refusal as any Refusal where refusal.kind == .denied {
            try await journal.note(refusal, named: C.name, context, for: command.target.streams)
        } catch {
            let content = try CommandContent.of(command, context)
            let record = CommandRecord(name: C.name, context: context, content: content, epoch: epoch)
            return try await journal.record(error, of: record, for: command.target.streams)
        }
    }
}

/// Writes refusals to the journal.
struct Journaling: Sendable {
    let store: any EventStore

    /// Records under an id of its own what is no answer to the command id, and throws it: the id stays free.
    func note(_ refusal: any Refusal, named name: String, _ context: CommandContext, for streams: [StreamName]) async throws -> Never {
        guard let kind = refusal.kind else { throw refusal }
        var context = context
        context.commandID = .ordered()
        let record = CommandRecord(name: name, context: context, content: CommandContent.raw(named: name, [], context))
        _ = try await store.record(RefusedCommand(record, for: streams, kind, code: refusal.code))
        throw refusal
    }

    /// Records the refusal or fault and throws it, unless the command id is known: then the first answer stands.
    func record(_ error: any Error, of command: CommandRecord, for streams: [StreamName]) async throws -> Receipt {
        guard let refusal = error as? any Refusal else { return try await record(fault: error, of: command, for: streams) }
        guard let kind = refusal.kind else { throw refusal }
        return try await record(refusal, RefusedCommand(command, for: streams, kind, code: refusal.code))
    }

    private func record(_ refusal: any Error, _ refused: RefusedCommand) async throws -> Receipt {
        switch try await store.record(refused) {
        case .recorded: throw refusal
        case .acceptedBefore(let appended): return Receipt(appended.streams, at: appended.position, in: refused.command.epoch)
        case .refusedBefore(refused.kind, code: refused.code): throw refusal
        case .refusedBefore(let recorded, let code): throw AnsweredBefore(recorded: recorded, code: code)
        case .commandIDReused: throw CommandIDReused(refused.command.context.commandID)
        }
    }

    /// A fault of the service. Where it cannot be recorded either, it is still the fault that is thrown.
    private func record(fault: any Error, of command: CommandRecord, for streams: [StreamName]) async throws -> Receipt {
        do {
            return try await record(fault, RefusedCommand(command, for: streams, .failed, code: "internal_error"))
        } catch let answered as AnsweredBefore {
            throw answered
        } catch let reused as CommandIDReused {
            throw reused
        } catch {
            throw fault
        }
    }
}
