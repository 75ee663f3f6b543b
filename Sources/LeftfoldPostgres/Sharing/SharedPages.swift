import Leftfold
import Synchronization

/// What the followers of a process have read of the log lately, once for all of them. Who is near another one finds its pages here; who is
/// not reads for itself. Nobody waits for who is slower, behind or broken.
///
/// Events never change, so that a page stays true as long as the log is in the epoch in which it was read.
final class SharedPages: Sendable {
    /// Together, of the data of their events.
    private static let maximumBytes = 8 << 20
    private static let maximumPages = 8

    private struct Page {
        let start: GlobalPosition
        let page: LogPage
        let reading: Reading
        let bytes: Int

        var end: GlobalPosition { page.events.last?.position ?? start }
    }

    /// Under what conditions a page is read: for whom, and in which epoch.
    private struct Reading: Equatable {
        let members: Int
        let epoch: LogEpoch
    }

    private struct UnderWay {
        let reading: Reading
        var waiters: [Int: CheckedContinuation<LogPage?, Never>] = [:]
    }

    private struct State {
        var members: [Int: EventSources] = [:]
        var lastMember = 0
        /// How often the members came to want something more.
        var round = 0
        var pages: [Page] = []
        /// What is being read just now, by the position that it comes after.
        var underWay: [GlobalPosition: UnderWay] = [:]
        var lastWaiter = 0
    }

    private let history: LogHistory
    private let state = Mutex(State())

    init(_ history: LogHistory) { self.history = history }

    /// From now on, what this one wants is read, too. Returns by what it is known here.
    func enter(_ sources: EventSources) -> Int {
        state.withLock { state in
            state.lastMember += 1
            state.members[state.lastMember] = sources
            state.round += 1
            state.pages = []
            return state.lastMember
        }
    }

    func leave(_ member: Int) {
        state.withLock { state in
            state.members[member] = nil
            if state.members.count < 2 { state.pages = [] }
        }
    }

    /// The page after the position, as somebody has read it, or as it is read now: for all members, if there are several of them.
    ///
    /// - Parameters:
    ///   - count: events that are looked at, at most.
    ///   - sources: of who asks, a member.
    ///   - read: reads the page of such events.
    func page(
        after position: GlobalPosition, count: Int, for sources: EventSources, _ read: (EventSources) async throws -> LogPage
    ) async throws -> LogPage {
        switch turn(after: position) {
        case .alone: return try await read(sources)
        case .found(let page): return page.part(after: position, count: count, for: sources)
        case .lead(let all, let reading):
            let page: LogPage
            do { page = try await read(all) } catch {
                finish(position, nil)
                throw error
            }
            finish(position, Page(start: position, page: page, reading: reading, bytes: page.events.reduce(0) { $0 + $1.data.count }))
            return page.part(after: position, count: count, for: sources)
        case .join:
            guard let page = await wait(for: position) else { return try await read(sources) }
            return page.part(after: position, count: count, for: sources)
        }
    }

    private enum Turn {
        case alone, join
        case found(LogPage)
        case lead(EventSources, Reading)
    }

    private func turn(after position: GlobalPosition) -> Turn {
        state.withLock { state in
            guard state.members.count > 1, let epoch = history.settled else { return .alone }
            let reading = Reading(members: state.round, epoch: epoch)
            if let page = state.pages.first(where: { $0.reading == reading && $0.start <= position && position < $0.end }) {
                return .found(page.page)
            }
            if let underWay = state.underWay[position] {
                // Who has come since is not thought of in it.
                return underWay.reading == reading ? .join : .alone
            }
            state.underWay[position] = UnderWay(reading: reading)
            return .lead(EventSources(unionOf: Array(state.members.values)), reading)
        }
    }

    /// Nil when who reads it has failed, or we are stopped.
    private func wait(for position: GlobalPosition) async -> LogPage? {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    guard !Task.isCancelled, state.underWay[position] != nil else { return true }
                    state.underWay[position]?.waiters[id] = continuation
                    return false
                }
                if isLate { continuation.resume(returning: nil) }
            }
        } onCancel: {
            state.withLock { $0.underWay[position]?.waiters.removeValue(forKey: id) }?.resume(returning: nil)
        }
    }

    private func finish(_ position: GlobalPosition, _ page: Page?) {
        let waiters = state.withLock { state in
            if let page, !page.page.events.isEmpty, state.round == page.reading.members {
                state.pages.append(page)
                while state.pages.count > Self.maximumPages || state.pages.reduce(0, { $0 + $1.bytes }) > Self.maximumBytes {
                    state.pages.removeFirst()
                }
            }
            return state.underWay.removeValue(forKey: position)?.waiters ?? [:]
        }
        for waiter in waiters.values { waiter.resume(returning: page?.page) }
    }
}

extension LogPage {
    /// What one of several who share it sees of it.
    fileprivate func part(after position: GlobalPosition, count: Int, for sources: EventSources) -> LogPage {
        let rest = events.drop { $0.position <= position }
        // So many are looked at, wanted or not.
        let end = GlobalPosition(rawValue: position.rawValue.addingReportingOverflow(Int64(count)).partialValue)
        let near = rest.prefix { $0.position <= end }
        let part = near.isEmpty ? rest.prefix(1) : near
        guard let last = part.last else { return self }
        return LogPage(events: part.filter { $0.position == last.position || sources.contains($0) }, head: head)
    }
}
