import Foundation
import Leftfold

/// What a batch touched, as it stands in its announcement: `*` for everything, else the digests, one after the other, in base64
/// as URLs have it.
extension Dependencies {
    /// More than these do not fit an announcement.
    static let maximumAnnounced = 700

    var announced: String {
        guard case .only(let set) = self, set.count <= Self.maximumAnnounced else { return "*" }
        var bytes = Data(capacity: 8 * set.count)
        for digest in set.map(\.digest).sorted() { withUnsafeBytes(of: digest.bigEndian) { bytes.append(contentsOf: $0) } }
        return bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init?(announced text: some StringProtocol) {
        if text == "*" {
            self = .everything
            return
        }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let base64 = String(text).replacing("-", with: "+").replacing("_", with: "/") + padding
        guard let bytes = Data(base64Encoded: base64), bytes.count.isMultiple(of: 8) else { return nil }
        var set = Set<Dependency>(minimumCapacity: bytes.count / 8)
        var digest: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            digest = digest << 8 | UInt64(byte)
            if index % 8 == 7 { set.insert(Dependency(digest: digest)) }
        }
        self = .only(set)
    }
}
