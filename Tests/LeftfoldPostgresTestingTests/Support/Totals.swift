import Leftfold
import LeftfoldDriver
import LeftfoldPostgres

/// What each counter has counted.
struct Totals: StatementProjection {
    static let name: ProjectionName = "totals"
    let version = 1
    let sources: EventSources = .all(of: Counter.self)
    let tables = ["totals"]
    let script = "CREATE TABLE totals (id uuid PRIMARY KEY, total bigint NOT NULL CHECK (total < 1000));"

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = StreamID<Counter>(event.stream)?.uuid else { return }
        for case .counted(let number) in try event.decode(as: Counter.self) {
            batch.execute(
                "INSERT INTO totals VALUES (\(id), \(number)) ON CONFLICT (id) DO UPDATE SET total = totals.total + excluded.total")
        }
    }
}
