import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import Synchronization

/// Refuses everything until it is mended, as a deployment mends it.
final class Choosy: StatementProjection {
    static let name: ProjectionName = "choosy"
    let version = 1
    let sources: EventSources = .category("note")
    let tables = ["choosy"]
    let script = "CREATE TABLE choosy (position bigint PRIMARY KEY);"
    let mended = Mutex(false)

    struct NotMended: Error {}

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard mended.withLock({ $0 }) else { throw NotMended() }
        batch.execute("INSERT INTO choosy VALUES (\(event.position))")
    }
}
