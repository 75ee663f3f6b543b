import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldUsers
import LeftfoldUsersReadModel

/// What `UserDirectory` says with statements, said as a fold.
struct FoldedDirectory: TableProjection {
    static let name: ProjectionName = "folded_directory"
    let version = 1
    let sources: EventSources = .all(of: User.self)
    let script = UserDirectory().script.replacing("user_directory", with: "folded_directory")

    struct Row: Codable, Sendable, Equatable {
        var listedAt: Int64
        var version: Int64
        var createdAt: Date
        var updatedAt: Date
        var status: String
        var email: String
        var name: String
        var emailFolded: String
        var nameFolded: String

        enum CodingKeys: String, CodingKey {
            case listedAt = "listed_at"
            case version
            case createdAt = "created_at"
            case updatedAt = "updated_at"
            case status, email, name
            case emailFolded = "email_folded"
            case nameFolded = "name_folded"
        }
    }

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<UUID, Row>) throws {
        guard let id = event.stream.uuid else { return }
        let (version, at) = (event.version.rawValue, event.recordedAt)
        for change in try event.decode(as: User.self) {
            if case .created(let email, let name) = change {
                rows.set(
                    id,
                    Row(
                        listedAt: event.position.rawValue, version: version, createdAt: at, updatedAt: at, status: "active", email: email,
                        name: name, emailFolded: UserDirectory.folded(email: email), nameFolded: UserDirectory.folded(name: name)))
                continue
            }
            rows.update(id) { row in
                switch change {
                case .created: break
                case .renamed(let name): (row.name, row.nameFolded) = (name, UserDirectory.folded(name: name))
                case .emailChanged(let email): (row.email, row.emailFolded) = (email, UserDirectory.folded(email: email))
                case .deactivated: row.status = "deactivated"
                case .reactivated: row.status = "active"
                }
                (row.version, row.updatedAt) = (version, at)
            }
        }
    }
}
