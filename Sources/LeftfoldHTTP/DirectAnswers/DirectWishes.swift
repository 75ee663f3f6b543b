import HTTPTypes
import Leftfold
import NIOHTTP1

/// What the headers of a request ask for, where it is simple.
struct DirectWishes {
    let credential: Credential
    private(set) var correlationID: String?
    /// A token.
    private(set) var after: Int64?
    /// `If-None-Match`.
    private(set) var tags: String?

    /// Nil for headers that ask for more, are there twice, or are refused: all that is the routes' to answer.
    init?(_ headers: HTTPHeaders) {
        var token: String?
        var (correlationID, position, tags): (String?, String?, String?)
        func take(_ value: String, _ field: inout String?) -> Bool {
            defer { field = value }
            return field == nil
        }
        for (name, value) in headers {
            switch Self.wish(in: name) {
            case .none: continue
            case .more: return nil
            case .credential: guard take(value, &token) else { return nil }
            case .correlationID: guard take(value, &correlationID) else { return nil }
            case .position: guard take(value, &position) else { return nil }
            case .tags: guard take(value, &tags) else { return nil }
            case .accept: guard !EventStreamAccept.isNamed(in: Array(value.utf8)) else { return nil }
            case .connection: guard value.utf8.elementsEqual("keep-alive".utf8) else { return nil }
            }
        }
        guard let token, let credential = try? Credential(authorization: Array(token.utf8)) else { return nil }
        self.credential = credential
        if let correlationID {
            guard let id = try? CorrelationID.read([.correlationID: correlationID]) else { return nil }
            self.correlationID = id
        }
        if let position {
            guard position.utf8.count <= 20, let number = WholeNumber.parse(position.utf8) else { return nil }
            after = number
        }
        self.tags = tags
    }

    private enum Wish {
        case none, credential, correlationID, position, tags, accept, connection
        /// Something that only the routes know how to answer.
        case more
    }

    /// Names are told apart by their length first: most are none of ours.
    private static func wish(in name: String) -> Wish {
        func isName(_ other: StaticString) -> Bool {
            zip(name.utf8, UnsafeBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
                .allSatisfy { $0 == $1 || $0 | 0x20 == $1 && $1 >= UInt8(ascii: "a") }
        }
        switch name.utf8.count {
        case 5: return isName("range") ? .more : .none
        case 6: return isName("accept") ? .accept : isName("expect") || isName("origin") ? .more : .none
        case 7: return isName("upgrade") ? .more : .none
        case 8: return isName("if-match") ? .more : .none
        case 10: return isName("connection") ? .connection : .none
        case 13: return isName("authorization") ? .credential : isName("if-none-match") ? .tags : isName("last-event-id") ? .more : .none
        case 14: return isName("content-length") ? .more : .none
        case 16:
            return isName("x-correlation-id") ? .correlationID : isName("leftfold-session") || isName("content-encoding") ? .more : .none
        case 17: return isName("leftfold-position") ? .position : isName("transfer-encoding") ? .more : .none
        default: return .none
        }
    }
}
