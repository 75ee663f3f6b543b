import Foundation
import Leftfold
import LeftfoldDriver

extension JournalEntry {
    static let columns = """
        id, name, principal, tenant, correlation_id, causation_id, stream, received_at, finished_at, outcome, code, \
        version, first_position, last_position
        """

    init(_ row: Row) throws {
        let (id, name, principal, tenant, correlationID, causationID, stream) = try (
            row[0].decode(UUID.self), row[1].decode(String.self), row[2].decode(String.self), row[3].decode(String?.self),
            row[4].decode(String.self), row[5].decode(String?.self), row[6].decode(String?.self)
        )
        let (receivedAt, finishedAt, outcome, code, version, first, last) = try (
            row[7].decode(Date.self), row[8].decode(Date.self), row[9].decode(String.self), row[10].decode(String?.self),
            row[11].decode(Int64?.self), row[12].decode(Int64?.self), row[13].decode(Int64?.self)
        )
        self.init(
            commandID: id, name: name, principal: principal, tenant: tenant, correlationID: correlationID,
            causationID: causationID, stream: stream, receivedAt: receivedAt, finishedAt: finishedAt,
            outcome: Outcome(rawValue: outcome) ?? .failed, code: code, version: version.map(StreamVersion.init(rawValue:)),
            firstPosition: first.map(GlobalPosition.init(rawValue:)), lastPosition: last.map(GlobalPosition.init(rawValue:)))
    }
}
