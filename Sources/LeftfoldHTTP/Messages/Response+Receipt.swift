import HTTPTypes
import Hummingbird
import Leftfold

extension Response {
    /// `{"id", "position", "version"}`, with the version as the entity tag.
    ///
    /// - Parameter collection: the path of the collection in which the command made a new resource.
    init(_ receipt: Receipt, createdAt collection: String?) {
        let id = receipt.stream.id
        var json: [UInt8] = []
        json.reserveCapacity(96)
        json.append(contentsOf: "{\"id\":".utf8)
        JSONValue.string(String(id)).append(to: &json)
        json.append(contentsOf: ",\"position\":\(receipt.position.rawValue),\"version\":\(receipt.version.rawValue)}".utf8)
        self.init(
            status: collection == nil ? .ok : .created,
            headers: [
                .contentType: "application/json", .eTag: EntityTag.of(receipt.version.rawValue),
                .leftfoldPosition: receipt.position.description,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
        if let collection { headers[.location] = collection.hasSuffix("/") ? "\(collection)\(id)" : "\(collection)/\(id)" }
    }
}
