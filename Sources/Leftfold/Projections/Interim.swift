// Stands in for what the core will have; goes with the next merge.
public import Foundation

extension RecordedEvent {
    public func decode<A: Aggregate>(as aggregate: A.Type) throws -> [A.Event] {
        [try EventCodec.decode(A.Event.self, from: A.upcasters.upcast(self))]
    }
    public var principal: String { (try? metadata.fields().principal) ?? "" }
}

extension StreamID {
    public init?(_ name: StreamName) {
        guard name.belongs(to: Target.category) else { return nil }
        self.init(trusting: name)
    }
    public var uuid: UUID? { name.uuid }
}

extension StreamName {
    package func belongs(to category: StreamCategory) -> Bool { rawValue.utf8.starts(with: category.name.utf8) && rawValue.utf8.dropFirst(category.name.utf8.count).first == 0x2D }
}

extension ProjectionName { public var rawValue: String { name } }
extension EventType { public var rawValue: String { name } }

public struct FollowerName: Sendable, Hashable, CustomStringConvertible, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String

    public init?(rawValue: String) {
        guard (1...200).contains(rawValue.utf8.count), rawValue.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        self.rawValue = rawValue
    }

    public init(stringLiteral name: StaticString) {
        guard let name = FollowerName(rawValue: "\(name)") else { preconditionFailure("“\(name)” is not the name of a follower") }
        self = name
    }

    public var description: String { rawValue }
}

public struct Checkpoint: Sendable, Equatable {
    public var follower: FollowerName
    public var position: GlobalPosition
    public var epoch: Int64

    public init(_ follower: FollowerName, at position: GlobalPosition, epoch: Int64) {
        self.follower = follower
        self.position = position
        self.epoch = epoch
    }
}
