import Foundation
import Leftfold
import LeftfoldDriver

/// Some rows in one INSERT: the same columns of an event and its two indexes, and nothing that keeps it right.
enum PlainInsert {
    static let table = """
        CREATE TABLE plain_events (
            position    bigserial PRIMARY KEY,
            version     bigint NOT NULL,
            recorded_at timestamptz NOT NULL,
            command_id  uuid NOT NULL,
            stream      text COLLATE "C" NOT NULL,
            type        text COLLATE "C" NOT NULL,
            data        json NOT NULL,
            metadata    json NOT NULL,
            UNIQUE (stream, version)
        )
        """

    static func call(rows: Int) -> SQL {
        let events = (0..<rows).map { _ in SampleEvent() }
        return """
            INSERT INTO plain_events (version, recorded_at, command_id, stream, type, data, metadata)
            SELECT 1, clock_timestamp(), e.* FROM unnest(
                \(events.map(\.commandID)), \(events.map(\.stream)), \(events.map(\.type)), \(events.map(\.data)), \(events.map(\.metadata))) AS e
            """
    }
}

/// The first event of a new stream, under ids as the service makes them.
struct SampleEvent {
    let commandID = UUID.ordered()
    let stream = "user-\(UUID.ordered().uuidString.lowercased())"
    let type = "UserCreated"
    let data = JSONBytes(Array(#"{"email":"ada@example.org","name":"Ada Lovelace"}"#.utf8))

    var metadata: JSONBytes {
        let id = commandID.uuidString.lowercased()
        return JSONBytes(Array(#"{"causation_id":"\#(id)","correlation_id":"\#(id)","principal":"bench"}"#.utf8))
    }
}
