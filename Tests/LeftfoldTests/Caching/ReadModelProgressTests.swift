import Foundation
import LeftfoldRandom
import Testing

@testable import Leftfold

private struct GetKey: Query {
    struct Answer: Codable, Sendable, Equatable { var history: Int, touched: Int64 }
    static let permission: Permission = "keys:read"
    static let reads: [ProjectionName] = ["keys"]
    var key: Int
    func dependencies(of answer: Answer) -> Dependencies { ["key/\(key)"] }
}

/// A database without a database: commits, announcements on their way, and what they touched.
private struct World {
    enum Announcement {
        case moved(FollowerName, GlobalPosition, GlobalPosition, Dependencies)
        case switched
    }

    var history = 0
    var generation = 1
    var position: Int64 = 0
    /// Where each key was touched, in order.
    var touches: [Int: [Int64]] = [:]
    var isConnected = false
    var onTheWay: [Announcement] = []
    /// All up to here was announced, or something after it was.
    var announced: Int64 = 0

    var follower: FollowerName { FollowerName(rawValue: "keys.\(generation)") ?? "keys" }
    func touched(_ key: Int, upTo limit: Int64) -> Int64 { touches[key]?.last { $0 <= limit } ?? 0 }
    func answer(_ key: Int) -> GetKey.Answer { .init(history: history, touched: touched(key, upTo: position)) }
    var sighting: ReadModelSighting { ReadModelSighting("keys", follower, at: GlobalPosition(rawValue: position)) }
}

/// A read that has its snapshot, and is not taken in yet.
private struct Reading {
    let key: Int
    let answer: GetKey.Answer
    let sighting: ReadModelSighting
    let start: ReadModelProgress.Start
    /// Of a read that asked for no checkpoint.
    let marks: [ReadModelMark]?
    let isReplica: Bool
}

@Suite("What is known of the read models")
struct ReadModelProgressTests {
    /// Commits, announcements, losses, switches, restores, slow reads on the primary and on a replica, in any order. Whatever
    /// happens, a hit is no older than what was announced, than what was demanded, and than the position that it tells.
    @Test("never lets an old answer pass", arguments: 0..<40)
    func property(run: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let progress = ReadModelProgress(capacity: run.isMultiple(of: 2) ? 4 : 1000)
        let cache = QueryCache(progress, entries: 64)
        let shelf = cache.shelf(for: GetKey.self)
        let context = QueryContext(principal: Principal(subject: "reader"), correlationID: "test")
        var world = World()
        var readings: [Reading] = []
        var snapshots: [World] = [world]
        var hits = 0

        func deliver(dropping: Bool) {
            guard !world.onTheWay.isEmpty else { return }
            switch world.onTheWay.removeFirst() {
            case .moved(let follower, let from, let to, let touched):
                if dropping { return }
                progress.advanced(follower, from: from, to: to, touching: touched)
                if follower != "keys.99" { world.announced = max(world.announced, to.rawValue) }
            // A switch is announced whatever the queue, so only a lost connection loses it.
            case .switched: progress.lost("keys")
            }
        }

        for step in 0..<3000 {
            switch Int.random(in: 0..<1000, using: &random) {
            case ..<150:
                let from = GlobalPosition(rawValue: world.position)
                world.position += Int64.random(in: 1...3, using: &random)
                let keys = Set((0..<Int.random(in: 0...2, using: &random)).map { _ in Int.random(in: 0..<8, using: &random) })
                for key in keys { world.touches[key, default: []].append(world.position) }
                let touched: Dependencies =
                    Int.random(in: 0..<20, using: &random) == 0 ? .everything : .only(Set(keys.map { Dependency("key/\($0)") }))
                if world.isConnected {
                    world.onTheWay.append(.moved(world.follower, from, GlobalPosition(rawValue: world.position), touched))
                    // A generation that is being built says so, too.
                    if step.isMultiple(of: 7) { world.onTheWay.append(.moved("keys.99", 0, 3, .everything)) }
                }
            case ..<345: deliver(dropping: false)
            case ..<350: deliver(dropping: true)
            case ..<354:
                progress.stoppedListening()
                (world.isConnected, world.onTheWay) = (false, [])
            case ..<400:
                if !world.isConnected {
                    (world.isConnected, world.onTheWay, world.announced) = (true, [], 0)
                    progress.beganListening()
                }
            case ..<404:
                world.generation += 1
                if world.isConnected { world.onTheWay.append(.switched) }
            case ..<407:
                // A restore ends all connections.
                progress.stoppedListening()
                (world.isConnected, world.onTheWay, world.announced) = (false, [], 0)
                world.history += 1
                world.position = Int64.random(in: 0...world.position, using: &random)
                let position = world.position
                world.touches = world.touches.mapValues { $0.filter { $0 <= position } }
                snapshots = [world]
            case ..<540:
                let isReplica = Int.random(in: 0..<4, using: &random) == 0
                let seen = isReplica ? snapshots[Int.random(in: 0..<snapshots.count, using: &random)] : world
                let key = Int.random(in: 0..<8, using: &random)
                // The oldest was cancelled: one that is taken in at last should have a chance to be believed.
                if readings.count == 5 { readings.removeFirst() }
                readings.append(
                    Reading(
                        key: key, answer: seen.answer(key), sighting: seen.sighting, start: progress.start(),
                        marks: isReplica || Bool.random(using: &random) ? nil : progress.marks(of: ["keys"]), isReplica: isReplica))
            case ..<680:
                guard !readings.isEmpty else { continue }
                let reading = readings.remove(at: Int.random(in: 0..<readings.count, using: &random))
                let marks =
                    reading.marks
                    ?? (reading.isReplica
                        ? progress.marks(of: [reading.sighting], since: reading.start)
                        : progress.learn([reading.sighting], since: reading.start))
                guard let marks,
                    let kept = CachedAnswer(
                        reading.answer, json: [1], at: marks, of: GetKey.reads,
                        dependencies: GetKey(key: reading.key).dependencies(of: reading.answer), expires: .now + .seconds(3600), progress)
                else { continue }
                shelf.keep(kept, for: .init(GetKey(key: reading.key), context))
            case ..<700: progress.compare([world.sighting], since: progress.start())
            default:
                let key = Int.random(in: 0..<8, using: &random)
                let demanded =
                    Bool.random(using: &random) ? nil : GlobalPosition(rawValue: Int64.random(in: 0...(world.position + 1), using: &random))
                guard
                    case .hit(let answered) = shelf.find(
                        .init(GetKey(key: key), context), after: demanded, at: .now, forgetting: Bool.random(using: &random))
                else { continue }
                hits += 1
                let told = answered.position.rawValue
                let isSound =
                    world.isConnected && answered.value.history == world.history && told >= world.announced
                    && told <= world.position && told >= demanded?.rawValue ?? 0
                    && answered.value.touched >= world.touched(key, upTo: told)
                #expect(isSound, "seed \(seed), step \(step): \(answered.value) at \(told) of key \(key)")
                if !isSound { return }
            }
            snapshots.append(world)
            if snapshots.count > 30 { snapshots.removeFirst() }
        }
        #expect(hits > 20, "seed \(seed)")
    }

    @Test("A dependency has the same digest in every process")
    func digests() {
        #expect(Dependency("a").digest == 0xAF63_DC4C_8601_EC8C)
        #expect(Dependency("foobar").digest == 0x8594_4171_F739_67E8)
        #expect(Dependency("user", UUID()) != Dependency("user", UUID()))
    }
}
