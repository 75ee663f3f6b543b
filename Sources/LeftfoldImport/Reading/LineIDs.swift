import Crypto
import Foundation

/// The command ids of a file's lines: a hash chained over all content up to the line.
///
/// The same beginning of a file gives the same ids, so importing it again changes nothing, and a file that has grown
/// goes on where it ended. Two files share ids as far as they are the same from the first line on. A label begins another chain.
struct LineIDs {
    private var link: SHA256Digest

    init(format: ImportFormat, label: String? = nil) {
        link = SHA256.hash(data: Array("leftfold import\u{0}\(format.rawValue)\u{0}\(label ?? "")".utf8))
    }

    /// The id of the next line, as a UUID of version 8.
    mutating func next(_ content: RawLine.Content) -> UUID {
        var hash = SHA256()
        link.withUnsafeBytes { hash.update(bufferPointer: $0) }
        switch content {
        case .bytes(let bytes): hash.update(data: bytes)
        case .tooLong(let digest): hash.update(data: digest)
        }
        link = hash.finalize()
        return link.withUnsafeBytes { bytes in
            var id = UUID().uuid
            withUnsafeMutableBytes(of: &id) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<16])) }
            id.6 = id.6 & 0x0F | 0x80
            id.8 = id.8 & 0x3F | 0x80
            return UUID(uuid: id)
        }
    }
}
