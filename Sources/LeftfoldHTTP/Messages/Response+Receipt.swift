import HTTPTypes
import Hummingbird
import Leftfold

extension Response {
    /// `{"id", "position", "version"}`, with the version as the entity tag. A command on several streams or on a query is
    /// answered `{"position", "streams": {"account-…": 3}}`: no one version is its.
    ///
    /// - Parameter collection: the path of the collection in which the command made a new resource.
    init(_ receipt: Receipt, createdAt collection: String?) {
        let token = (receipt.epoch ?? .first).token(for: receipt.position)
        var json: [UInt8] = []
        json.reserveCapacity(96)
        self.init(
            status: collection == nil ? .ok : .created,
            headers: [.contentType: "application/json", .leftfoldPosition: String(token)])
        if receipt.streams.count == 1, let only = receipt.streams.first {
            let id = only.stream.id
            json.append(contentsOf: "{\"id\":".utf8)
            JSONText.string(String(id)).append(to: &json)
            json.append(contentsOf: ",\"position\":\(token),\"version\":\(only.version.rawValue)}".utf8)
            headers[.eTag] = EntityTag.of(only.version.rawValue)
            if let collection {
                headers[.location] = (collection.hasSuffix("/") ? collection : collection + "/") + PercentEncoding.encode(segment: id)
            }
        } else {
            json.append(contentsOf: "{\"position\":\(token),\"streams\":{".utf8)
            for (index, reached) in receipt.streams.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                JSONText.string(reached.stream.rawValue).append(to: &json)
                json.append(contentsOf: ":\(reached.version.rawValue)".utf8)
            }
            json.append(contentsOf: "}}".utf8)
        }
        body = ResponseBody(byteBuffer: ByteBuffer(bytes: json))
    }
}
