import Foundation
import Leftfold
import LeftfoldDriver

/// The call of `leftfold.append` for a batch, and its answer.
enum AppendCall {
    static func sql(for chains: [[AppendRequest]]) -> SQL {
        var columns = Columns()
        for chain in chains {
            columns.add(chain.prefix(1), follows: false)
            columns.add(chain.dropFirst(), follows: true)
        }
        return columns.sql
    }

    static func results(_ rows: Rows, for chains: [[AppendRequest]]) throws -> [[AppendResult]] {
        var results = try results(rows, count: chains.reduce(0) { $0 + $1.count })[...]
        return chains.map { chain in
            defer { results = results.dropFirst(chain.count) }
            return Array(results.prefix(chain.count))
        }
    }

    private static func results(_ rows: Rows, count: Int) throws -> [AppendResult] {
        guard rows.count == count else {
            throw PostgresError(.decoding, "leftfold.append answered \(rows.count) of \(count) commands", outcomeUnknown: true)
        }
        return try rows.map { row in
            let (result, version, position, outcome, code, detail) = try row.decode(
                String.self, Int64?.self, Int64?.self, String?.self, String?.self, String?.self)
            let streamVersion = StreamVersion(rawValue: version ?? 0)
            let globalPosition = GlobalPosition(rawValue: position ?? 0)
            switch result {
            case "appended": return .appended(version: streamVersion, position: globalPosition)
            case "refusal_recorded": return .refusalRecorded
            case "accepted_before": return .acceptedBefore(version: streamVersion, position: globalPosition)
            case "refused_before": return .refusedBefore(outcome.flatMap(Outcome.init(rawValue:)) ?? .failed, code: code ?? "")
            case "command_id_reused": return .commandIDReused
            case "wrong_expected_version": return .wrongExpectedVersion(actual: streamVersion)
            case "predecessor_not_appended": return .predecessorNotAppended
            case "claim_taken": return .claimTaken(Claim(code ?? "", detail ?? ""))
            default: throw PostgresError(.decoding, "leftfold.append answered “\(result)”; migrate before you deploy", outcomeUnknown: true)
            }
        }
    }

    /// The parallel arrays that the function takes.
    private struct Columns {
        var ids: [UUID] = []
        var contents: [Data] = []
        var names: [String] = []
        var principals: [String] = []
        var tenants: [String?] = []
        var correlationIDs: [String] = []
        var causationIDs: [String?] = []
        var receivedAt: [Date] = []
        var streams: [String?] = []
        var expected: [Int64?] = []
        var follows: [Int32?] = []
        var outcomes: [String?] = []
        var codes: [String?] = []
        var metadata: [JSONBytes?] = []
        var eventCounts: [Int32] = []

        var eventItems: [Int32] = []
        var eventOffsets: [Int32] = []
        var eventTypes: [String] = []
        var eventData: [JSONBytes] = []

        var claimItems: [Int32] = []
        var claimTakes: [Bool] = []
        var claimKinds: [String] = []
        var claimValues: [String] = []

        mutating func add(_ requests: ArraySlice<AppendRequest>, follows: Bool) {
            for request in requests { add(request, follows: follows) }
        }

        private mutating func add(_ request: AppendRequest, follows: Bool) {
            let number = Int32(ids.count + 1)
            self.follows.append(follows ? number - 1 : nil)
            ids.append(request.commandID)
            contents.append(Data(request.content))
            names.append(request.commandName)
            principals.append(request.principal)
            tenants.append(request.tenant)
            correlationIDs.append(request.correlationID)
            causationIDs.append(request.causationID)
            receivedAt.append(request.receivedAt)
            streams.append(request.stream?.rawValue)
            switch request.write {
            case .refusal(let outcome, let code):
                expected.append(nil)
                outcomes.append(outcome.rawValue)
                codes.append(code)
                metadata.append(nil)
                eventCounts.append(0)
            case .events(let events, let envelope, let version, let claims):
                if case .exactly(let exact) = version { expected.append(exact.rawValue) } else { expected.append(nil) }
                outcomes.append(nil)
                codes.append(nil)
                metadata.append(JSONBytes(envelope.json))
                eventCounts.append(Int32(events.count))
                for (offset, event) in events.enumerated() {
                    eventItems.append(number)
                    eventOffsets.append(Int32(offset + 1))
                    eventTypes.append(event.type.name)
                    eventData.append(JSONBytes(event.data))
                }
                add(claims.released, takes: false, number)
                add(claims.taken, takes: true, number)
            }
        }

        private mutating func add(_ claims: [Claim], takes: Bool, _ number: Int32) {
            for claim in claims {
                claimItems.append(number)
                claimTakes.append(takes)
                claimKinds.append(claim.kind)
                claimValues.append(claim.value)
            }
        }

        var sql: SQL {
            """
            SELECT * FROM leftfold.append(
                \(ids), \(contents), \(names), \(principals), \(tenants), \(correlationIDs), \(causationIDs), \(receivedAt),
                \(streams), \(expected), \(follows), \(outcomes), \(codes), \(metadata), \(eventCounts),
                \(eventItems), \(eventOffsets), \(eventTypes), \(eventData),
                \(claimItems), \(claimTakes), \(claimKinds), \(claimValues))
            """
        }
    }
}

extension [AppendRequest] {
    /// About how many bytes they send.
    var size: Int { reduce(0) { $0 + $1.size } }
}
