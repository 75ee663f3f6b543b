import Synchronization

/// What this process knows of how far each projection's live read model is, and of what changed on the way.
///
/// It is fed by announcements, which come in the order of the commits, and taught by reads of the checkpoints. A position
/// that it tells was announced or read, so it is committed, and whoever reads from then on sees it. It knows nothing while
/// nobody listens, and forgets everything when something may have been missed: better a read too many than an old answer.
public final class ReadModelProgress: Sendable {
    private struct Known: Sendable {
        let follower: FollowerName
        let incarnation: Int
        /// Where it was when it was learnt: announcements of what came before may still be on the way.
        let learntAt: GlobalPosition
        var position: GlobalPosition
        /// What was touched up to here is not known.
        var floor: GlobalPosition
        /// The last position at which anything was touched.
        var touched: GlobalPosition
        // Two halves, so that the oldest go first without a list of ages.
        var recent: [Dependency: GlobalPosition] = [:]
        var older: [Dependency: GlobalPosition] = [:]
        /// All in `older` is from up to here.
        var top: GlobalPosition

        init(_ follower: FollowerName, incarnation: Int, at position: GlobalPosition, floor: GlobalPosition) {
            (self.follower, self.incarnation, learntAt, self.position) = (follower, incarnation, position, position)
            (self.floor, touched, top) = (floor, floor, position)
        }

        mutating func touch(_ dependencies: Dependencies, at position: GlobalPosition, capacity: Int) {
            switch dependencies {
            case .everything: forgetTouches(upTo: position)
            case .only(let set):
                if !set.isEmpty { touched = position }
                for dependency in set { recent[dependency] = position }
                guard recent.count > capacity / 2 else { return }
                floor = max(floor, top)
                (older, recent, top) = (recent, [:], position)
            }
        }

        mutating func forgetTouches(upTo position: GlobalPosition) {
            (floor, touched, top) = (position, position, position)
            (recent, older) = ([:], [:])
        }

        func touched(_ dependency: Dependency) -> GlobalPosition { recent[dependency] ?? older[dependency] ?? .zero }
    }

    private struct State: Sendable {
        var isListening = false
        /// Grows with each loss.
        var losses = 0
        var known: [ProjectionName: Known] = [:]
        var projections: [FollowerName: ProjectionName] = [:]
        /// How far others were announced: of generations that are not live, or not known yet.
        var heard: [FollowerName: GlobalPosition] = [:]
        /// Checkpoints that were ahead of their announcements at the last comparison.
        var ahead: [ProjectionName: GlobalPosition] = [:]
        var waiters = TouchWaiters()

        mutating func lose(_ projection: ProjectionName) {
            losses += 1
            waiters.touchAll()
            ahead[projection] = nil
            if let known = known.removeValue(forKey: projection) { projections[known.follower] = nil }
        }

        mutating func loseAll() {
            losses += 1
            waiters.touchAll()
            (known, projections, heard, ahead) = ([:], [:], [:], [:])
        }
    }

    /// What was known when a read began.
    package struct Start: Sendable {
        fileprivate let isListening: Bool
        fileprivate let losses: Int
        fileprivate let positions: [ProjectionName: GlobalPosition]
    }

    private let state = Mutex(State())
    private let capacity: Int
    /// Grows with everything that is learnt or lost.
    private let changes = Atomic<Int>(0)
    private let dependents = Atomic<Int>(0)
    private let waiterNumbers = Atomic<TouchWaiters.Number>(0)

    /// - Parameter capacity: how many dependencies are remembered of each projection at most.
    package init(capacity: Int = 100_000) { self.capacity = max(2, capacity) }

    /// What was found out while this did not grow is still so.
    package var change: Int { changes.load(ordering: .acquiring) }

    /// Whether answers rest on it: nobody needs to look for lost announcements while there are none.
    package var hasDependents: Bool { dependents.load(ordering: .relaxed) > 0 }

    /// So many answers more, or less, rest on it.
    package func addDependents(_ count: Int) { dependents.add(count, ordering: .relaxed) }

    private func changing<T>(_ body: (inout State) -> T) -> T {
        let (result, woken) = state.withLock { state in
            defer { changes.add(1, ordering: .releasing) }
            let result = body(&state)
            return (result, state.waiters.takeDue())
        }
        for continuation in woken { continuation.resume() }
        return result
    }

    // MARK: Fed

    /// From now on everything is announced.
    package func beganListening() {
        changing { state in
            state.loseAll()
            state.isListening = true
        }
    }

    /// Announcements are missed from now on.
    package func stoppedListening() {
        changing { state in
            state.loseAll()
            state.isListening = false
        }
    }

    /// All that is known is suspect.
    package func lost() { changing { $0.loseAll() } }

    /// The projection has another live generation, or something odd was seen.
    package func lost(_ projection: ProjectionName) { changing { $0.lose(projection) } }

    /// A follower was announced to have moved.
    package func advanced(_ follower: FollowerName, from: GlobalPosition, to: GlobalPosition, touching dependencies: Dependencies) {
        changing { state in
            guard state.isListening else { return }
            guard let projection = state.projections[follower], var known = state.known.removeValue(forKey: projection) else {
                state.heard[follower] = max(state.heard[follower] ?? .zero, to)
                // Who is never heard of again must not stay; a read that is under way is not believed then.
                if state.heard.count > 1000 { state.loseAll() }
                return
            }
            // Put back in place, and not copied: the tables are large.
            defer { if state.projections[follower] == projection { state.known[projection] = known } }
            if from == known.position, to >= from {
                known.position = to
                known.touch(dependencies, at: to, capacity: capacity)
                state.waiters.touch(dependencies)
            } else if from > known.position, to >= from {
                // One was lost.
                known.position = to
                known.forgetTouches(upTo: to)
                state.waiters.touchAll()
            } else if to > known.learntAt || to < from {
                // It went back: another history.
                state.projections[follower] = nil
                state.losses += 1
                state.waiters.touchAll()
            }
        }
    }

    // MARK: Taught

    /// To be called before the checkpoints are read.
    package func start() -> Start {
        state.withLock { state in
            Start(isListening: state.isListening, losses: state.losses, positions: state.known.mapValues(\.position))
        }
    }

    /// Takes in what a read on the primary saw. Returns the marks of what was read in the same snapshot or later; nil if
    /// nothing can be known of it.
    package func learn(_ sightings: [ReadModelSighting], since start: Start) -> [ReadModelMark]? {
        changing { state in
            guard start.isListening, state.losses == start.losses else { return nil }
            for sighting in sightings {
                if let before = start.positions[sighting.projection], sighting.position < before { state.lose(sighting.projection) }
                if let known = state.known[sighting.projection], known.follower != sighting.follower { state.lose(sighting.projection) }
            }
            guard state.losses == start.losses else { return nil }
            for sighting in sightings where state.known[sighting.projection] == nil {
                // What was announced in the meantime was not taken in: what it touched is not known.
                let heard = max(sighting.position, state.heard.removeValue(forKey: sighting.follower) ?? .zero)
                state.projections[sighting.follower] = sighting.projection
                state.known[sighting.projection] = Known(
                    sighting.follower, incarnation: state.losses, at: heard, floor: heard)
            }
            return marks(of: sightings, state)
        }
    }

    /// The marks of what a read on a replica saw; nil if they cannot be compared with what is known of the primary.
    package func marks(of sightings: [ReadModelSighting], since start: Start) -> [ReadModelMark]? {
        state.withLock { state in
            guard start.isListening, state.losses == start.losses else { return nil }
            return marks(of: sightings, state)
        }
    }

    private func marks(of sightings: [ReadModelSighting], _ state: borrowing State) -> [ReadModelMark]? {
        var marks: [ReadModelMark] = []
        for sighting in sightings {
            guard let known = state.known[sighting.projection], known.follower == sighting.follower else { return nil }
            marks.append(ReadModelMark(incarnation: known.incarnation, position: sighting.position))
        }
        return marks
    }

    /// Compares the checkpoints with what was announced. One that is ahead now and was not caught up with by the next
    /// time was not announced; one that went back is of another history.
    package func compare(_ sightings: [ReadModelSighting], since start: Start) {
        changing { state in
            guard start.isListening, state.losses == start.losses else { return }
            var seen: [ProjectionName: ReadModelSighting] = [:]
            for sighting in sightings { seen[sighting.projection] = sighting }
            for (projection, before) in start.positions {
                guard let known = state.known[projection] else { continue }
                guard let sighting = seen[projection], sighting.follower == known.follower, sighting.position >= before,
                    state.ahead[projection].map({ $0 <= known.position }) ?? true
                else {
                    state.lose(projection)
                    continue
                }
                state.ahead[projection] = sighting.position > known.position ? sighting.position : nil
            }
        }
    }

    // MARK: Asked

    /// How far these are known to be; nil unless all are known.
    package func marks(of projections: [ProjectionName]) -> [ReadModelMark]? {
        state.withLock { state in
            var marks: [ReadModelMark] = []
            for projection in projections {
                guard let known = state.known[projection] else { return nil }
                marks.append(ReadModelMark(incarnation: known.incarnation, position: known.position))
            }
            return marks
        }
    }

    /// Who keeps these up to date, with how far they are known to be.
    package func sightings(of projections: [ProjectionName]) -> [ReadModelSighting] {
        state.withLock { state in
            projections.compactMap { projection in
                state.known[projection].map { ReadModelSighting(projection, $0.follower, at: $0.position) }
            }
        }
    }

    /// Whether what was read of these projections at these marks is still so.
    package func freshness(of marks: [ReadModelMark], _ projections: [ProjectionName], _ dependencies: Dependencies) -> Freshness {
        state.withLock { freshness(of: marks, projections, dependencies, $0) }
    }

    private func freshness(
        of marks: [ReadModelMark], _ projections: [ProjectionName], _ dependencies: Dependencies, _ state: borrowing State
    ) -> Freshness {
        var renewed: [ReadModelMark] = []
        for (projection, mark) in zip(projections, marks) {
            guard let known = state.known[projection] else { return .unknown }
            guard known.incarnation == mark.incarnation, mark.position >= known.floor else { return .stale }
            switch dependencies {
            case .everything: guard known.touched <= mark.position else { return .stale }
            case .only(let set): guard set.allSatisfy({ known.touched($0) <= mark.position }) else { return .stale }
            }
            renewed.append(ReadModelMark(incarnation: known.incarnation, position: max(known.position, mark.position)))
        }
        return .fresh(renewed)
    }

    // MARK: Waited for

    /// Returns when what was read at these marks may no longer be what one would read, or when the task is cancelled. While it waits,
    /// the checkpoints are looked at for lost announcements.
    package func waitUntilStale(_ marks: [ReadModelMark], _ projections: [ProjectionName], _ dependencies: Dependencies) async {
        let number = waiterNumbers.add(1, ordering: .relaxed).newValue
        addDependents(1)
        defer { addDependents(-1) }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard !Task.isCancelled, case .fresh = freshness(of: marks, projections, dependencies, state) else { return false }
                    state.waiters.add(number, dependencies, continuation)
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.remove(number) }?.resume()
        }
    }

    /// How many wait.
    package var waiting: Int { state.withLock { $0.waiters.count } }
}

extension [ReadModelMark] {
    /// Everything up to here is known to what was read at them.
    package var position: GlobalPosition { self.min { $0.position < $1.position }?.position ?? .zero }
}
