import Leftfold

/// Which lines may run at once, so that the outcome is that of running them one after the other. Pure: it is told what
/// was looked up and what has finished, and says what may start.
///
/// A line waits for all earlier lines that share a key with it. A line's keys are
/// 1. its **stream**;
/// 2. its **own claims**: those it names (`mayClaim`); if it names none, those its stream ever held (`history`, read from
///    the log) and those that unfinished lines of its stream name;
/// 3. the streams **behind** its own claims: their present holders (read from the store) and the streams of unfinished
///    lines that own one of them.
///
/// *Why that is enough.* Lines of one stream share it. Lines of two streams matter to each other only through a claim x
/// that one of them, T, tries to take, while the other, O on stream S, tries so too or gives x up. It is assumed that a
/// command that names claims names all it takes, and that one that names none takes at most what its stream held before.
/// So whoever tries to take x owns x, and if O does, it shares x with T. Otherwise S holds x until O; let K be the line by
/// which S came to hold it, if that was not before the file. K owns x.
/// - O before T: if K is unfinished when T is looked up, S is a key of T by rule 3. If K has run, then either O has run as
///   well and there is nothing to wait for, or S is the holder and a key of T.
/// - T before O, K before T: the same, except that O cannot have run. So T has the key S, and O waits for T.
/// - T before K before O: K shares x with T and waits for T; O waits for K.
///
/// *Looking up must not race with lines in flight.* ``open()`` comes before the first read for a chunk, and until
/// ``close()`` lines that finish let others start, but still count as unfinished in the rules above. So a line that runs
/// meanwhile is found in the store or among the unfinished, perhaps in both, never in neither. The holders are read after the histories.
///
/// *Runs that were interrupted.* Of two lines that matter to each other, the later has run only if the earlier has. In the
/// next run lines that were answered change nothing, and for the others all of the above holds with the store as it is by then.
///
/// *Memory* is that of the lines that are not finished, times the claims that one of their streams ever held. Nothing
/// grows with the file.
struct Schedule {
    struct Line: Sendable {
        var index: Int
        /// Nil where there is no command: such a line concerns nobody.
        var stream: StreamName?
        var named: Set<Claim> = []
    }

    /// Lines that were added and have not finished.
    private(set) var unfinished = 0
    private var entries: [Int: Entry] = [:]
    /// The newest line with a key. Each line waits for the newest before it, and so for all before it.
    private var newest: [Key: Int] = [:]
    private var named = Bundle<StreamName, Claim>()
    private var behind = Bundle<Claim, StreamName>()
    /// In the order of the file.
    private var ready: [Int] = []
    private var isOpen = false
    private var finishedWhileOpen: [Int] = []

    private enum Key: Hashable { case stream(StreamName), claim(Claim) }

    private struct Entry {
        let line: Line
        let own: Set<Claim>
        let keys: Set<Key>
        var waitsFor = 0
        var followers: [Int] = []
        var isFinished = false
    }

    /// A chunk is looked up from now on.
    mutating func open() { isOpen = true }

    /// The chunk was added.
    mutating func close() {
        isOpen = false
        for index in finishedWhileOpen { retire(index) }
        finishedWhileOpen = []
    }

    /// What unfinished lines name, by stream. It stays as it is while the schedule is open and nothing is added.
    var namedByUnfinished: Bundle<StreamName, Claim> { named }

    /// Lines are added in the order of the file, between ``open()`` and ``close()``.
    /// - Parameters:
    ///   - history: claims that its stream ever held, for a line that names none.
    ///   - holders: who holds claims now; at least for the line's own claims.
    mutating func add(_ line: Line, history: Set<Claim> = [], holders: [Claim: StreamName] = [:]) {
        unfinished += 1
        guard let stream = line.stream else {
            entries[line.index] = Entry(line: line, own: [], keys: [])
            makeReady(line.index)
            return
        }
        let own = line.named.isEmpty ? history.union(named[stream]) : line.named
        var keys: Set<Key> = [.stream(stream)]
        for claim in own {
            keys.insert(.claim(claim))
            if let holder = holders[claim] { keys.insert(.stream(holder)) }
            for stream in behind[claim] { keys.insert(.stream(stream)) }
        }

        var entry = Entry(line: line, own: own, keys: keys)
        let before = Set(keys.compactMap { newest[$0] }).filter { entries[$0]?.isFinished == false }
        for index in before { entries[index]?.followers.append(line.index) }
        entry.waitsFor = before.count
        entries[line.index] = entry
        for key in keys { newest[key] = line.index }
        for claim in line.named { named.insert(claim, for: stream) }
        for claim in own { behind.insert(stream, for: claim) }
        if before.isEmpty { makeReady(line.index) }
    }

    /// The lines that may start, those first that come first in the file. Each is given out once.
    mutating func takeReady(atMost count: Int) -> ArraySlice<Int> {
        let taken = ready.prefix(count)
        ready.removeFirst(taken.count)
        return taken
    }

    mutating func finish(_ index: Int) {
        guard let entry = entries[index], !entry.isFinished else { return }
        unfinished -= 1
        entries[index]?.isFinished = true
        for follower in entry.followers {
            entries[follower]?.waitsFor -= 1
            if entries[follower]?.waitsFor == 0 { makeReady(follower) }
        }
        if isOpen { finishedWhileOpen.append(index) } else { retire(index) }
    }

    private mutating func makeReady(_ index: Int) {
        ready.insert(index, at: (ready.lastIndex { $0 < index } ?? -1) + 1)
    }

    private mutating func retire(_ index: Int) {
        guard let entry = entries.removeValue(forKey: index) else { return }
        for key in entry.keys where newest[key] == index { newest[key] = nil }
        guard let stream = entry.line.stream else { return }
        for claim in entry.line.named { named.remove(claim, for: stream) }
        for claim in entry.own { behind.remove(stream, for: claim) }
    }
}

/// Several values for a key, each as often as it was put in.
struct Bundle<Key: Hashable & Sendable, Value: Hashable & Sendable>: Sendable {
    private var counts: [Key: [Value: Int]] = [:]

    subscript(key: Key) -> [Value] { counts[key].map { Array($0.keys) } ?? [] }

    mutating func insert(_ value: Value, for key: Key) { counts[key, default: [:]][value, default: 0] += 1 }

    mutating func remove(_ value: Value, for key: Key) {
        guard let count = counts[key]?[value] else { return }
        counts[key]?[value] = count > 1 ? count - 1 : nil
        if counts[key]?.isEmpty == true { counts[key] = nil }
    }
}
