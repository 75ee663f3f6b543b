import Foundation
import Leftfold
import LeftfoldDriver

extension JournalEntry {
    static let columns: SQL = """
        command_id, name, principal, correlation_id, causation_id, stream, received_at, finished_at, outcome, code, \
        version, first_position, last_position
        """

    init(_ row: Row) throws {
        let (id, name, principal, correlationID, causationID, stream, receivedAt, finishedAt, outcome, code, version, first, last) =
            try row.decode(
                UUID.self, String.self, String.self, String.self, String?.self, String?.self, Date.self, Date.self, Outcome.self,
                String?.self, StreamVersion?.self, GlobalPosition?.self, GlobalPosition?.self)
        self.init(
            commandID: id, name: name, principal: principal, correlationID: correlationID, causationID: causationID, stream: stream,
            receivedAt: receivedAt, finishedAt: finishedAt, outcome: outcome, code: code, version: version, firstPosition: first,
            lastPosition: last)
    }
}
