import Dispatch
import Foundation

/// Where the bytes of an import come from.
protocol ByteSource: Sendable {
    /// In bytes, where that can be known beforehand.
    var size: Int? { get }
    func read() async throws -> Piece
}

enum Piece: Sendable {
    case bytes([UInt8])
    /// Nothing at the moment: a pipe whose writer is slow.
    case nothingYet
    case end
}

/// A file or a pipe. Reading may block, so it is done on a thread that nobody else waits for, and never for long.
struct FileBytes: ByteSource {
    let size: Int?
    private let handle: FileHandle

    private static let pieceSize = 256 * 1024
    private static let patienceInMilliseconds: Int32 = 100

    init(_ handle: FileHandle, size: Int?) {
        self.handle = handle
        self.size = size
    }

    func read() async throws -> Piece {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try Self.read(handle.fileDescriptor) })
            }
        }
    }

    private static func read(_ descriptor: Int32) throws -> Piece {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        switch poll(&waiting, 1, patienceInMilliseconds) {
        case 0: return .nothingYet
        case ..<0 where errno == EINTR: return .nothingYet
        case ..<0: throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        default: break
        }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: pieceSize) { buffer, count in
            let read = Foundation.read(descriptor, buffer.baseAddress, pieceSize)
            count = max(read, 0)
            if read < 0 { failure = errno }
        }
        switch failure {
        case 0: return bytes.isEmpty ? .end : .bytes(bytes)
        case EINTR, EAGAIN: return .nothingYet
        default: throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO)
        }
    }
}
