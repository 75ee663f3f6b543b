import HTTPTypes
import Hummingbird
import Leftfold
import NIOCore

extension Response {
    /// The answer to a query, with the position that it knows and what the cache had to do with it (RFC 9211).
    init(answer json: [UInt8], at position: GlobalPosition, _ cache: CacheStatus) {
        self.init(
            status: .ok,
            headers: [
                .contentType: "application/json", .leftfoldPosition: position.description, .cacheStatus: Self.cacheStatus(cache),
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }

    /// The client has the answer already.
    init(notModifiedAt position: GlobalPosition, _ cache: CacheStatus) {
        self.init(
            status: .notModified, headers: [.leftfoldPosition: position.description, .cacheStatus: Self.cacheStatus(cache)])
    }

    static func cacheStatus(_ status: CacheStatus) -> String { "leftfold; \(status.parameter)" }
}
