import HTTPTypes
import Hummingbird
import Leftfold

extension Response {
    init(answer json: [UInt8], at position: GlobalPosition) {
        self.init(
            status: .ok, headers: [.contentType: "application/json", .leftfoldPosition: position.description],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}
