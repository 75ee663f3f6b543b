import AsyncAlgorithms
import Hummingbird
import Leftfold
import Logging
import NIOCore
import ServiceLifecycle

/// A live query on its way to one client.
///
/// The next answer is looked for when the one before it is written, so a client that reads slowly costs no memory, and gets fewer.
struct EventStream<Q: Query>: Sendable {
    let answers: LiveAnswers<Q>.Iterator
    let history: LogHistory
    /// The first answer, unless the client has it.
    let first: Answered<Q.Answer>?
    let place: EventStreamPlaces.Place
    /// A sign of life after so long without an answer. As often it is asked whether the client may still be here.
    let heartbeat: Duration
    /// Throws if the client would not be let in now as it was.
    let admitAgain: @Sendable () async throws -> Void
    let correlationID: String
    let logger: Logger

    @concurrent func write(to writer: inout any ResponseBodyWriter) async throws {
        let messages = AsyncChannel<ByteBuffer>()
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await produce(into: messages) }
                for await message in messages { try await writer.write(message) }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            // The client comes back, to another process or to the next one here.
            messages.finish()
        }
        try await writer.finish(nil)
    }

    private func produce(into messages: AsyncChannel<ByteBuffer>) async {
        var answers = answers
        var admitted = ContinuousClock.now
        do {
            await messages.send(EventMessage.opening)
            if let first { await messages.send(try Self.message(first, in: history.epoch)) }
            while true {
                let epoch = history.epoch
                let answered = try await answers.next(within: heartbeat)
                let message = try answered.map { try Self.message($0, in: epoch) } ?? EventMessage.heartbeat
                if admitted.duration(to: .now) >= heartbeat {
                    try await admitAgain()
                    admitted = .now
                }
                await messages.send(message)
            }
        } catch is CancellationError {
            // The client is gone.
        } catch {
            await messages.send(EventMessage.problem(problem(error), forgetting: error is NotYetVisible))
        }
        messages.finish()
    }

    private static func message(_ answered: Answered<Q.Answer>, in epoch: LogEpoch) throws -> ByteBuffer {
        let json = try answered.json()
        return EventMessage.answer(json, EventID(json, at: epoch.token(for: answered.position)))
    }

    private func problem(_ error: any Error) -> Problem {
        if let refusal = error as? any Refusal {
            let status = Statuses.status(of: refusal, isConditional: false)
            if status != .internalServerError { return Problem(refusal, status: status.code, correlationID: correlationID) }
        }
        logger.error(
            "An event stream failed.", metadata: ["error": "\(String(reflecting: error))", "correlation_id": "\(correlationID)"])
        return .internalError(correlationID: correlationID)
    }
}
