public import Foundation
import Leftfold
import LeftfoldDriver

/// A user as queries show it.
public struct UserView: Codable, Sendable, Equatable {
    public var id: UUID
    public var email: String
    public var name: String
    /// `active` or `deactivated`.
    public var status: String
    /// The version to send as `If-Match` when changing it.
    public var version: Int64
    public var createdAt: Date
    public var updatedAt: Date

    enum CodingKeys: String, CodingKey {
        case id, email, name, status, version
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    static let columns = "id, email, name, status, version, created_at, updated_at"

    init(id: UUID, email: String, name: String, status: String, version: Int64, createdAt: Date, updatedAt: Date) {
        (self.id, self.email, self.name, self.status, self.version) = (id, email, name, status, version)
        (self.createdAt, self.updatedAt) = (createdAt, updatedAt)
    }

    /// Reads ``columns``, which may have others behind them.
    init(_ row: Row) throws {
        id = try row[0].decode()
        email = try row[1].decode()
        name = try row[2].decode()
        status = try row[3].decode()
        version = try row[4].decode()
        createdAt = try row[5].decode()
        updatedAt = try row[6].decode()
    }
}
