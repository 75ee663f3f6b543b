import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldUsers

/// A fold of wide rows: some 1,500 bytes each.
struct WideDirectory: TableProjection {
    static let name: ProjectionName = "wide_directory"
    let version = 1
    let sources: EventSources = .all(of: User.self)
    let script = """
        CREATE TABLE wide_directory (
            id uuid PRIMARY KEY, version bigint NOT NULL, updated_at timestamptz NOT NULL, email text NOT NULL, name text NOT NULL, page text NOT NULL);
        """

    /// What makes them wide: a page that would be shown of the user.
    static let repetitions = 60

    struct Row: Codable, Sendable, Equatable {
        var version: Int64
        var updatedAt: Date
        var email: String
        var name: String
        var page: String

        enum CodingKeys: String, CodingKey {
            case version
            case updatedAt = "updated_at"
            case email, name, page
        }
    }

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<UUID, Row>) throws {
        guard let id = event.stream.uuid else { return }
        let (version, at) = (event.version.rawValue, event.recordedAt)
        for change in try event.decode(as: User.self) {
            rows.evolve(id) { old in
                var row = old ?? Row(version: 0, updatedAt: at, email: "", name: "", page: "")
                switch change {
                case .created(let email, let name): (row.email, row.name) = (email, name)
                case .renamed(let name): row.name = name
                case .emailChanged(let email): row.email = email
                case .deactivated, .reactivated: break
                }
                row.page = String(repeating: "\(row.name) ", count: Self.repetitions)
                (row.version, row.updatedAt) = (version, at)
                old = row
            }
        }
    }
}
