public import Foundation

/// The stream of one aggregate, typed by the aggregate.
public struct StreamID<Target: Aggregate>: Sendable, Hashable {
    public let name: StreamName

    /// The stream `category-uuid`, with the UUID in lower case.
    public init(_ id: UUID) {
        name = StreamName(trusted: "\(Target.category)-\(id.text)")
    }

    init(trusting name: StreamName) { self.name = name }
}

extension StreamName {
    /// The id as a UUID, for streams named by `StreamID.init(_: UUID)`.
    public var uuid: UUID? { UUID(uuidString: String(id)) }
}
