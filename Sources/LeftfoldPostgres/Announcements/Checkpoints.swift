import Leftfold
import LeftfoldDriver

/// How far live read models are, asked of the database.
struct Checkpoints: Sendable {
    let statement: SQL

    /// - Parameter projections: nil: of all.
    init(of projections: [ProjectionName]? = nil, in log: LogName) {
        let all: SQL = """
            SELECT g.projection, f.name, f.position
            FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower WHERE g.state = 'live'
            """
        statement = projections.map { "\(fragment: all) AND g.projection = ANY (\($0))" } ?? all
    }

    static func sightings(_ rows: Rows) throws -> [ReadModelSighting] {
        try rows.map { row in
            let (projection, follower, position) = try row.decode(ProjectionName.self, FollowerName.self, GlobalPosition.self)
            return ReadModelSighting(projection, follower, at: position)
        }
    }
}
