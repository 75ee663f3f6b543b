import Leftfold

/// Where in a list a page begins or ends, as the query's cursor has it: the list (its name, order and filters), the direction, and the key of a row.
///
/// The row itself need not be there any more, nor where it was: the key says where to go on.
struct ListPlace {
    /// The way a page lies from the row.
    enum Direction: String { case next, previous }

    let direction: Direction
    /// The fields that the list is sorted by, down to one that no two rows share.
    let key: [String]

    init(_ direction: Direction, key: [String]) {
        self.direction = direction
        self.key = key
    }

    /// Reads a cursor. Throws `invalid_cursor` for one of another list.
    init(_ cursor: Cursor, of list: [String], keyFields: Int) throws(MalformedInput) {
        let own = Self.bytes(of: list)
        guard cursor.payload.starts(with: own), let text = String(validating: cursor.payload[own.count...], as: UTF8.self) else {
            throw .invalidCursor
        }
        let fields = text.unicodeScalars.split(separator: "\0", omittingEmptySubsequences: false).map { String($0) }
        guard fields.count == keyFields + 1, let direction = Direction(rawValue: fields[0]) else { throw .invalidCursor }
        self.init(direction, key: Array(fields.dropFirst()))
    }

    func cursor(of list: [String]) -> Cursor { Cursor(Self.bytes(of: list) + Self.bytes(of: [direction.rawValue] + key).dropLast()) }

    /// None of the fields has a NUL: filters with one are refused, and PostgreSQL stores none.
    private static func bytes(of fields: [String]) -> [UInt8] { fields.flatMap { Array($0.utf8) + [0] } }
}
