import HTTPTypes
import Leftfold

/// The position that an answer must know: from `Leftfold-Position`, `?after=` or the session; of several, the latest.
enum ReadPosition {
    static let parameter = "after"

    static func read(_ headers: HTTPFields, _ string: QueryString) throws(RequestRefusal) -> GlobalPosition? {
        let header = try parse(headers[.leftfoldPosition])
        let parameter = try parse(string.parameters.first { $0.name == Self.parameter }?.value)
        let session = try ReadSession.read(headers)
        return [header, parameter, session].compactMap(\.self).max()
    }

    private static func parse(_ text: String?) throws(RequestRefusal) -> GlobalPosition? {
        guard let text else { return nil }
        guard let position = WholeNumber.parse(text) else { throw .invalidPosition }
        return GlobalPosition(rawValue: position)
    }
}
