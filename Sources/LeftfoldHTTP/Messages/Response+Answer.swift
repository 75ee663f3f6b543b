import HTTPTypes
import Hummingbird
import Leftfold
import NIOCore

extension Response {
    /// The answer to a query, with the token of the position that it knows and what the cache had to do with it (RFC 9211).
    init(answer json: [UInt8], at token: Int64, _ cache: CacheStatus) {
        self.init(
            status: .ok,
            headers: [
                .contentType: "application/json", .leftfoldPosition: String(token), .cacheStatus: Self.cacheStatus(cache),
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }

    /// The client has the answer already.
    init(notModifiedAt token: Int64, _ cache: CacheStatus) {
        self.init(
            status: .notModified, headers: [.leftfoldPosition: String(token), .cacheStatus: Self.cacheStatus(cache)])
    }

    static func cacheStatus(_ status: CacheStatus) -> String { "leftfold; \(status.parameter)" }
}
