import HTTPTypes
import Hummingbird
import Leftfold
import NIOCore

/// The JSON of a request, within bounds. An absent body counts as `{}`.
enum JSONBody {
    static func read(_ request: Request, limit: Int) async throws -> [UInt8] {
        let length = declaredLength(request.headers)
        if let length, length > limit { throw RequestRefusal.payloadTooLarge(limit: limit) }
        guard length.map({ $0 > 0 }) ?? isChunked(request.headers) else { return JSONObject.empty }
        guard isJSON(request.headers[.contentType]) else { throw RequestRefusal.unsupportedMediaType }
        do {
            let buffer = try await request.body.collect(upTo: limit)
            guard length == nil || length == buffer.readableBytes else { throw RequestRefusal.incompleteBody }
            return buffer.readableBytes == 0 ? JSONObject.empty : Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw RequestRefusal.payloadTooLarge(limit: limit)
        }
    }

    /// Whether so much may follow that it is better to close the connection than to read on after a refusal.
    static func mayExceed(_ limit: Int, _ headers: HTTPFields) -> Bool {
        declaredLength(headers).map { $0 > limit } ?? isChunked(headers)
    }

    private static func declaredLength(_ headers: HTTPFields) -> Int? { headers[.contentLength].flatMap { Int($0) } }

    private static func isChunked(_ headers: HTTPFields) -> Bool { headers[.transferEncoding] != nil }

    private static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        if contentType == "application/json" { return true }
        let parts = contentType.lowercased().split(separator: ";").map { $0.filter { $0 != " " } }
        guard parts.first == "application/json", parts.count <= 2 else { return false }
        return parts.count == 1 || ["charset=utf-8", "charset=\"utf-8\""].contains(parts[1])
    }
}
