import Leftfold
import LeftfoldDriver

/// What one look at the log has found: events that are wanted, and the last that was looked at.
struct LogPage: Sendable {
    /// Empty at the end of the log.
    let events: [RecordedEvent]
    /// The end of the log at that moment.
    let head: GlobalPosition

    /// - Parameters:
    ///   - count: events that are looked at, at most.
    ///   - bytes: of the data of those that are wanted, unless one event alone has more.
    static func statement(after position: GlobalPosition, count: Int64, bytes: Int, _ sources: EventSources, in log: LogName) -> SQL {
        let (count, bytes) = (Int32(clamping: count), Int32(clamping: bytes))
        let (categories, unwanted) = sources.filter
        let none = unwanted.isEmpty ? nil : unwanted
        return """
            WITH page AS MATERIALIZED (SELECT \(log).page_end(\(position), \(count), \(bytes), \(categories), \(none)) AS last)
            SELECT \(fragment: RecordedEvent.columns), (SELECT max(position) FROM \(log).events)
            FROM \(log).events
            WHERE position > \(position) AND position <= (SELECT last FROM page)
                AND (position = (SELECT last FROM page) OR \(log).is_wanted(stream, type, \(categories), \(none)))
            ORDER BY position LIMIT \(Int64(count))
            """
    }

    init(events: [RecordedEvent], head: GlobalPosition) { (self.events, self.head) = (events, head) }

    init(_ rows: Rows, after position: GlobalPosition) throws {
        var (previous, head) = (position, position)
        events = try rows.map { row in
            let event = try RecordedEvent(row)
            guard event.position > previous else { throw BrokenLog(expected: "a position after \(previous)", found: event.position) }
            previous = event.position
            head = GlobalPosition(rawValue: try Int64.decode(from: row[11]))
            return event
        }
        self.head = head
    }
}
