import Foundation
import Leftfold

/// What projections are tested on.
struct Parcel: Aggregate {
    static let category: StreamCategory = "parcel"
    static let upcasters: [Upcaster] = [.renamed("ParcelPosted", to: "ParcelSent")]

    enum Event: Leftfold.Event {
        case sent(to: String)
        case moved(to: String)
        case lost
        enum CodingKeys: String, CodingKey, CaseIterable { case sent = "ParcelSent", moved = "ParcelMoved", lost = "ParcelLost" }
    }

    enum Rejection: String, Leftfold.Rejection {
        case never
        var message: String { "Never." }
    }

    mutating func evolve(_ event: Event) {}
}

/// Where each parcel is that is not lost.
struct Whereabouts: FoldProjection {
    static let name: ProjectionName = "whereabouts"
    let version = 1
    let sources: EventSources = .all(of: Parcel.self)

    struct Row: Codable, Sendable, Equatable { var place: String, moves: Int }

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<UUID, Row>) throws {
        guard let id = StreamID<Parcel>(event.stream)?.uuid else { return }
        for change in try event.decode(as: Parcel.self) {
            switch change {
            case .sent(let place): rows.set(id, Row(place: place, moves: 0))
            case .moved(let place): rows.update(id) { ($0.place, $0.moves) = (place, $0.moves + 1) }
            case .lost: rows.remove(id)
            }
        }
    }
}
