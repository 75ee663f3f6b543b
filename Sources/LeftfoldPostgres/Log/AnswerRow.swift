import Foundation
import Leftfold
import LeftfoldDriver

/// The row that the log's `append`, `append_one` and `record` answer with. Without arrays all went as it was sent.
struct AnswerRow {
    private let head: GlobalPosition
    private let results: [String]?
    private let positions: [GlobalPosition?]
    private let versions: [StreamVersion?]
    private let details: [JSONBytes?]

    init(_ rows: Rows) throws {
        guard let row = rows.first else { throw Self.incomprehensible("nothing") }
        let (head, results, positions, versions, details) = try row.decode(
            GlobalPosition?.self, [String]?.self, [GlobalPosition?]?.self, [StreamVersion?]?.self, [JSONBytes?]?.self)
        self.head = head ?? .zero
        self.results = results
        self.positions = positions ?? []
        self.versions = versions ?? []
        self.details = details ?? []
    }

    func answers(to appends: [Append]) throws -> [AppendAnswer] {
        guard let results else { return all(appends) }
        try check(count: appends.count)
        return try appends.enumerated().map { index, append in
            switch results[index] {
            case "appended": .appended(try appended(index, append.reached))
            case "accepted_before": .acceptedBefore(try appended(index, append.reached))
            case "refused_before": try refusedBefore(index)
            case "command_id_reused": .commandIDReused
            case "predecessor_not_appended": .predecessorNotAppended
            case "checkpoint_moved": .checkpointMoved
            case "condition_failed": .conditionFailed(at: try known(positions[index]))
            case "wrong_expected_version":
                .wrongExpectedVersion(try stream(index), actual: try known(versions[index]))
            case "claim_taken": .claimTaken(try claim(index))
            case let result: throw Self.incomprehensible(result)
            }
        }
    }

    func answers(to refused: [RefusedCommand]) throws -> [RecordAnswer] {
        guard let results else { return refused.map { _ in .recorded } }
        try check(count: refused.count)
        return try refused.enumerated().map { index, refused in
            switch results[index] {
            case "recorded": return .recorded
            case "accepted_before": return .acceptedBefore(try appended(index, refused.streams))
            case "refused_before":
                let refused: Refused = try detail(index)
                return .refusedBefore(refused.outcome, code: refused.code)
            case "command_id_reused": return .commandIDReused
            case let result: throw Self.incomprehensible(result)
            }
        }
    }

    /// Every command was appended, in order, to exactly the versions that it expected.
    private func all(_ appends: [Append]) -> [AppendAnswer] {
        var position = head.rawValue - appends.reduce(0) { $0 + $1.eventCount }
        return appends.map { append in
            position += append.eventCount
            let wrote = append.eventCount > 0
            let streams = append.writes.filter { !wrote || !$0.events.isEmpty }.map { write in
                StreamProgress(write.stream, at: write.expected.version.advanced(by: write.events.count))
            }
            return .appended(Appended(streams, at: GlobalPosition(rawValue: position)))
        }
    }

    private func check(count: Int) throws {
        guard results?.count == count, positions.count == count, versions.count == count, details.count == count else {
            throw Self.incomprehensible("\(results?.count ?? 0) of \(count) commands")
        }
    }

    /// - Parameter streams: as they were sent. What is not just the one that was sent is in the details.
    private func appended(_ index: Int, _ streams: [StreamName]) throws -> Appended {
        let position = try known(positions[index])
        if details[index] != nil {
            let versions = (try detail(index) as Versions).versions
            return Appended(
                try versions.map { StreamProgress(try Self.stream($0.stream), at: StreamVersion(rawValue: $0.version)) }, at: position)
        }
        guard let version = versions[index], let stream = streams.first else { return Appended([], at: position) }
        return Appended([StreamProgress(stream, at: version)], at: position)
    }

    private func refusedBefore(_ index: Int) throws -> AppendAnswer {
        let refused: Refused = try detail(index)
        return .refusedBefore(refused.outcome, code: refused.code)
    }

    private func stream(_ index: Int) throws -> StreamName { try Self.stream((try detail(index) as Stream).stream) }

    private func claim(_ index: Int) throws -> Claim {
        let held: Held = try detail(index)
        return Claim(held.kind, held.value)
    }

    private struct Versions: Decodable {
        let versions: [Version]

        struct Version: Decodable {
            let stream: String
            let version: Int64

            init(from decoder: any Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                stream = try pair.decode(String.self)
                version = try pair.decode(Int64.self)
            }
        }
    }
    private struct Refused: Decodable {
        let outcome: RefusalKind
        let code: String
    }
    private struct Stream: Decodable { let stream: String }
    private struct Held: Decodable {
        let kind: String
        let value: String
    }

    private func detail<T: Decodable>(_ index: Int) throws -> T {
        guard let json = details[index] else { throw Self.incomprehensible("no details") }
        do { return try JSONDecoder().decode(T.self, from: Data(json.bytes)) } catch { throw Self.incomprehensible("\(error)") }
    }

    private func known<T>(_ value: T?) throws -> T {
        guard let value else { throw Self.incomprehensible("no value") }
        return value
    }

    private static func stream(_ name: String) throws -> StreamName {
        guard let stream = StreamName(rawValue: name) else { throw incomprehensible("the stream “\(name)”") }
        return stream
    }

    /// It may well have been committed.
    private static func incomprehensible(_ what: String) -> PostgresError {
        PostgresError(.decoding, "the log answered \(what); migrate before you deploy", outcomeUnknown: true)
    }
}

extension Append {
    fileprivate var eventCount: Int64 { writes.reduce(0) { $0 + Int64($1.events.count) } }

    /// The streams whose versions the answer tells: those it wrote to, or all where it wrote nothing.
    fileprivate var reached: [StreamName] {
        let wrote = eventCount > 0
        return writes.filter { !wrote || !$0.events.isEmpty }.map(\.stream)
    }
}

extension ExpectedVersion {
    fileprivate var version: StreamVersion { if case .exactly(let version) = self { version } else { .zero } }
}
