import Leftfold
import LeftfoldDriver

/// In which order users are listed. There is an index for each, alone and behind the status.
struct UserOrder {
    enum Key: String, CaseIterable {
        case createdAt = "created_at"
        case name, email
    }

    let key: Key
    let isDescending: Bool

    /// Of the row, where the position does not say it all.
    var column: String? {
        switch key {
        case .createdAt: nil
        case .name: "name_folded"
        case .email: "email_folded"
        }
    }

    /// What a cursor needs of a row: the position and the text that it is sorted by.
    var keyColumns: SQL { "listed_at, \(unsafe: column ?? "''::text")" }

    func clause(_ direction: ListPlace.Direction) -> SQL {
        let way = runsDown(direction) ? " DESC" : ""
        return "\(unsafe: column.map { "\($0)\(way), " } ?? "")\(unsafe: "listed_at\(way)")"
    }

    /// The rows that lie in this direction from the place. Throws `invalid_cursor` for a place that is none.
    func condition(_ place: ListPlace) throws(MalformedInput) -> SQL {
        guard place.key.count == 2, let position = Int64(place.key[0]) else { throw .invalidCursor }
        let sign = runsDown(place.direction) ? "<" : ">"
        guard let column else { return "listed_at \(unsafe: sign) \(position)" }
        return "(\(unsafe: column), listed_at) \(unsafe: sign) (\(place.key[1]), \(position))"
    }

    private func runsDown(_ direction: ListPlace.Direction) -> Bool { isDescending != (direction == .previous) }
}
