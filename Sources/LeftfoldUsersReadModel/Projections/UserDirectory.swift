import Foundation
public import Leftfold
import LeftfoldDriver
public import LeftfoldPostgres
import LeftfoldUsers

/// One row a user, as it is now.
public struct UserDirectory: StatementProjection {
    public static let name: ProjectionName = "user_directory"
    public let version = 2
    public let sources: EventSources = .all(of: User.self)
    public let tables = ["user_directory"]
    public let script = String(decoding: PackageResources.user_directory_sql, as: UTF8.self)

    /// Of the folded columns: an index takes no more than some 2,700, and a cursor has to carry one.
    static let maximumFoldedBytes = 400

    public init() {}

    /// A name as it is searched for and sorted by.
    public static func folded(name: String) -> String { Folding.folded(name, maximumBytes: maximumFoldedBytes) }

    /// An address as it is searched for and sorted by.
    public static func folded(email: String) -> String {
        Folding.folded(EmailAddress.compared(email), maximumBytes: maximumFoldedBytes)
    }

    public func touches(_ event: RecordedEvent) -> Dependencies {
        guard let id = event.stream.uuid, let changes = try? event.decode(as: User.self) else { return .everything }
        return changes.reduce(into: .nothing) { $0.formUnion($1.touches(id)) }
    }

    public func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = event.stream.uuid else { throw NotAUserStream(stream: event.stream) }
        let version = event.version.rawValue
        let at = event.recordedAt
        for change in try event.decode(as: User.self) {
            switch change {
            case .created(let email, let name):
                batch.execute(
                    """
                    INSERT INTO user_directory (
                        id, listed_at, version, created_at, updated_at, status, email, name, email_folded, name_folded)
                    VALUES (\(id), \(event.position.rawValue), \(version), \(at), \(at), 'active', \(email), \(name),
                        \(Self.folded(email: email)), \(Self.folded(name: name)))
                    """)
            case .renamed(let name):
                batch.execute(
                    """
                    UPDATE user_directory SET name = \(name), name_folded = \(Self.folded(name: name)), version = \(version), updated_at = \(at)
                    WHERE id = \(id)
                    """)
            case .emailChanged(let email):
                batch.execute(
                    """
                    UPDATE user_directory SET email = \(email), email_folded = \(Self.folded(email: email)), version = \(version), updated_at = \(at)
                    WHERE id = \(id)
                    """)
            case .deactivated:
                batch.execute("UPDATE user_directory SET status = 'deactivated', version = \(version), updated_at = \(at) WHERE id = \(id)")
            case .reactivated:
                batch.execute("UPDATE user_directory SET status = 'active', version = \(version), updated_at = \(at) WHERE id = \(id)")
            }
        }
    }
}

/// A stream of the category `user` whose id is not a UUID: nobody but Leftfold's own commands should write there.
struct NotAUserStream: Error, CustomStringConvertible {
    let stream: StreamName
    var description: String { "\(stream) is not the stream of a user" }
}
