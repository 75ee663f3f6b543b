/// Turns an old stored shape into newer ones when it is read. The log itself is never rewritten.
public struct Upcaster: Sendable {
    let type: EventType
    let version: Int
    let transform: @Sendable (NewEvent) throws -> [NewEvent]

    /// - Parameters:
    ///   - type: the stored type it applies to,
    ///   - version: in just this version of its shape.
    ///   - transform: pure. It may change the data, the version and the type, and answer with several events or with none.
    ///     What it answers goes through the upcasters of its own type and version.
    public init(from type: EventType, version: Int = 1, _ transform: @escaping @Sendable (NewEvent) throws -> [NewEvent]) {
        self.type = type
        self.version = version
        self.transform = transform
    }

    /// An event that only changed its name.
    public static func renamed(_ type: EventType, version: Int = 1, to newType: EventType, version newVersion: Int = 1) -> Upcaster {
        Upcaster(from: type, version: version) { [NewEvent(type: newType, version: newVersion, data: $0.data, tags: $0.tags)] }
    }
}

extension [Upcaster] {
    /// More steps than this for one stored event are taken for a circle.
    private static var maximumSteps: Int { 1_000 }

    /// The event in the shapes for which there is no upcaster.
    func upcast(_ event: NewEvent) throws -> [NewEvent] {
        var steps = 0
        return try upcast(event, &steps)
    }

    private func upcast(_ event: NewEvent, _ steps: inout Int) throws -> [NewEvent] {
        guard let upcaster = first(where: { $0.type == event.type && $0.version == event.version }) else { return [event] }
        steps += 1
        guard steps <= Self.maximumSteps else { throw EventCodec.Problem.upcastersGoRound }
        var newer: [NewEvent] = []
        for event in try upcaster.transform(event) { newer += try upcast(event, &steps) }
        return newer
    }
}
