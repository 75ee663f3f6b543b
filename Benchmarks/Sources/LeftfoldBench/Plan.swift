/// How much is measured.
struct Plan: Codable, Sendable {
    /// Of each single measurement.
    var seconds: Double
    var rounds: Int
    /// In the log that is rebuilt from.
    var events: Int
    /// In the table that is read.
    var users: Int
    /// In the table that is compared with one of a hundredth.
    var manyUsers: Int

    static let standard = Plan(seconds: 3, rounds: 3, events: 200_000, users: 20_000, manyUsers: 200_000)
    static let quick = Plan(seconds: 0.3, rounds: 1, events: 5000, users: 2000, manyUsers: 10_000)

    var duration: Duration { .seconds(seconds) }
}
