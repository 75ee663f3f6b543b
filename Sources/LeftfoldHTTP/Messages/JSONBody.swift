import HTTPTypes
import Hummingbird
import Leftfold
import NIOCore

/// The JSON of a request, within bounds. An absent body counts as `{}`.
enum JSONBody {
    static func read(_ request: Request, limit: Int) async throws -> [UInt8] {
        let length = ContentHeaders.declaredLength(request.headers)
        if let length, length > limit { throw RequestRefusal.payloadTooLarge(limit: limit) }
        guard length.map({ $0 > 0 }) ?? ContentHeaders.isChunked(request.headers) else { return JSONObject.empty }
        guard ContentHeaders.isPlain(request.headers) else { throw RequestRefusal.unsupportedEncoding }
        guard ContentHeaders.isJSON(request.headers) else { throw RequestRefusal.unsupportedMediaType }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw RequestRefusal.payloadTooLarge(limit: limit)
        } catch let overloaded as Overloaded {
            throw overloaded
        } catch {
            // However the connection ended.
            throw RequestRefusal.incompleteBody
        }
        guard length == nil || length == buffer.readableBytes else { throw RequestRefusal.incompleteBody }
        return buffer.readableBytes == 0 ? JSONObject.empty : Array(buffer.readableBytesView)
    }

    /// Whether so much may follow that it is better to close the connection than to read on after a refusal.
    static func mayExceed(_ limit: Int, _ headers: HTTPFields) -> Bool {
        ContentHeaders.declaredLength(headers).map { $0 > limit } ?? ContentHeaders.isChunked(headers)
    }
}
