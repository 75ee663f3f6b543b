import Leftfold
import LeftfoldDriver
import LeftfoldPostgres

/// What each counter has counted.
struct Totals: Projection {
    static let name: ProjectionName = "totals"
    let tables = ["totals"]
    let script = "CREATE TABLE totals (id uuid PRIMARY KEY, total bigint NOT NULL CHECK (total < 1000));"
    let categories: Set<StreamCategory> = [Counter.category]

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = StreamID<Counter>(event.stream)?.uuid else { return }
        for case .counted(let number) in try event.decode(as: Counter.self) {
            batch.execute(
                "INSERT INTO totals VALUES (\(id), \(number)) ON CONFLICT (id) DO UPDATE SET total = totals.total + excluded.total")
        }
    }
}
