import HTTPTypes
import Hummingbird

/// Whether a client asks for an event stream: `Accept` names `text/event-stream`, with a weight above 0. Other weights do not matter: who
/// cannot read one does not name it. Wildcards do not mean it.
enum EventStreamAccept {
    static func isWanted(_ request: Request) -> Bool {
        guard request.method == .get else { return false }
        return request.headers[fields: .accept].contains { field in field.withUnsafeBytesOfValue { isNamed(in: Array($0)) } }
    }

    /// By one value of `Accept`.
    static func isNamed(in value: [UInt8]) -> Bool { value.split(separator: UInt8(ascii: ",")).contains(where: names) }

    private static func names(_ range: ArraySlice<UInt8>) -> Bool {
        let parts = range.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard let type = parts.first, trimmed(type).elementsEqual(mediaType) else { return false }
        return !parts.dropFirst().contains { isZeroWeight(trimmed($0)) }
    }

    /// `q=0`, `q=0.000`.
    private static func isZeroWeight(_ parameter: [UInt8]) -> Bool {
        parameter.starts(with: "q=0".utf8) && parameter.dropFirst(2).allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
    }

    private static func trimmed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
            .map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    private static let mediaType = Array("text/event-stream".utf8)
}
