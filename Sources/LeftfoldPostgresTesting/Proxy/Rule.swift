/// What a ``CuttingProxy`` does when it meets a message.
/// ```swift
/// proxy.add(.cut(.after(.execute)))                                   // before Sync: nothing may be committed
/// proxy.add(.cut(.after(.commandComplete), application: "append"))     // committed, and nobody was told
/// proxy.add(.drop(.notificationResponse))                             // LISTEN seems to work
/// ```
///
/// A rule counts the messages of its type from the moment it is added, over all connections that it is for. One that names an occurrence is
/// done when it was met.
public struct Rule: Sendable {
    /// Where in the stream of bytes something happens.
    public enum Point: Hashable, Sendable, CustomStringConvertible {
        /// Nothing of the message has arrived.
        case before(MessageType)
        /// The first half of the message's bytes has arrived.
        case inside(MessageType)
        /// The message has arrived, nothing that follows has.
        case after(MessageType)

        /// The message's type.
        public var type: MessageType {
            switch self {
            case .before(let type), .inside(let type), .after(let type): type
            }
        }

        public var description: String {
            switch self {
            case .before(let type): "before \(type)"
            case .inside(let type): "inside \(type)"
            case .after(let type): "after \(type)"
            }
        }
    }

    enum Action: Sendable {
        case cut, silence, drop
        case delay(Duration)
    }

    let action: Action
    let point: Point
    /// How many more it has to meet; `nil`: each one.
    private(set) var remaining: Int?
    private let application: String?

    private init(_ action: Action, _ point: Point, occurrence: Int?, application: String?) {
        precondition(occurrence.map { $0 > 0 } ?? true, "occurrences are counted from 1")
        self.action = action
        self.point = point
        self.application = application
        remaining = occurrence
    }

    /// Both sides see the end of the connection.
    ///
    /// - Parameters:
    ///   - point: where.
    ///   - occurrence: of the message's type, from 1; `nil`: each one.
    ///   - application: only on connections whose `application_name` contains this.
    public static func cut(_ point: Point, occurrence: Int? = 1, application: String? = nil) -> Rule {
        Rule(.cut, point, occurrence: occurrence, application: application)
    }

    /// From there on nothing passes either way, and neither side learns of it: the sockets stay open, what arrives is kept and passed on when
    /// the proxy is healed. As a link that goes silent.
    public static func silence(_ point: Point, occurrence: Int? = 1, application: String? = nil) -> Rule {
        Rule(.silence, point, occurrence: occurrence, application: application)
    }

    /// What its sender sends waits; the other direction does not.
    public static func delay(_ time: Duration, _ point: Point, occurrence: Int? = nil, application: String? = nil) -> Rule {
        Rule(.delay(time), point, occurrence: occurrence, application: application)
    }

    /// The message is swallowed. Sound for those that nobody waits for, ``MessageType/notificationResponse`` and
    /// ``MessageType/noticeResponse``; without another one the client hangs or gives up.
    public static func drop(_ type: MessageType, occurrence: Int? = nil, application: String? = nil) -> Rule {
        Rule(.drop, .before(type), occurrence: occurrence, application: application)
    }

    /// Whether it is to be obeyed at this message.
    mutating func meets(_ type: MessageType, of application: String) -> Bool {
        guard point.type == type, self.application.map({ application.contains($0) }) ?? true else { return false }
        guard let left = remaining else { return true }
        remaining = left - 1
        return left == 1
    }

    var isDone: Bool { remaining.map { $0 <= 0 } ?? false }
}
