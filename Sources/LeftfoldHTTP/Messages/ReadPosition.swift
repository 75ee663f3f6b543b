import HTTPTypes
import Leftfold

/// The position that an answer must know: from `Leftfold-Position`, `?after=` or the session; of several, the latest.
enum ReadPosition {
    static let parameter = "after"

    static func read(_ headers: HTTPFields, _ string: QueryString) throws(RequestRefusal) -> GlobalPosition? {
        let header = try headers.single(.leftfoldPosition, atMost: 20, else: .invalidPosition).map(parse)
        let parameter = try string.parameters.first { $0.name == Self.parameter }.map { parameter throws(RequestRefusal) in
            try parse(parameter.value.utf8)
        }
        let session = try ReadSession.read(headers)
        return [header, parameter, session].compactMap(\.self).max()
    }

    private static func parse(_ text: some Collection<UInt8>) throws(RequestRefusal) -> GlobalPosition {
        guard let position = WholeNumber.parse(text) else { throw .invalidPosition }
        return GlobalPosition(rawValue: position)
    }
}
