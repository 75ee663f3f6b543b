extension RecordedEvent {
    /// What the aggregate reads in it: the one door to stored events. Old shapes go through the aggregate's upcasters, so
    /// that one stored event may be one event of today, several or none.
    ///
    /// Throws ``EventCodingError`` for what today's code cannot read: guessing at history would corrupt what is decided on it.
    public func decode<A: Aggregate>(as aggregate: A.Type) throws -> [A.Event] {
        do {
            return try A.events(of: NewEvent(type: type, version: metadata?.version ?? 1, data: data))
        } catch {
            throw EventCodingError(type, stream: stream, position: position, reason: error)
        }
    }
}

extension Aggregate {
    /// The events of today in a stored form, old or new.
    package static func events(of stored: NewEvent) throws -> [Event] {
        let upcasters = upcasters
        if upcasters.isEmpty { return [try EventCodec.decode(Event.self, from: stored)] }
        return try upcasters.upcast(stored).map { try EventCodec.decode(Event.self, from: $0) }
    }
}
