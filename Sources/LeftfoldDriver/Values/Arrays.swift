extension Array: PostgresEncodable where Element: PostgresEncodable {
    /// The array of the element's type.
    public static var postgresType: PostgresType { Element.postgresType.array }

    /// One dimension, counted from 1; `NULL` where an element is `nil`. Throws `.encoding` for an array of arrays, and for an element of a
    /// type whose array type is not known.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        guard Element.postgresType.arrayOID != 0 else {
            throw PostgresError(.encoding, "an array of \(Element.self) has no type in Postgres (nested arrays are not supported)")
        }
        guard let count = Int32(exactly: count) else { throw PostgresError(.encoding, "the array is too long for Postgres") }
        // Dimensions, has-null flag, element type, length, lower bound, then each element with its length.
        buffer.append(bigEndian: Int32(count == 0 ? 0 : 1))
        let flagOffset = buffer.count
        buffer.append(bigEndian: Int32(0))
        buffer.append(bigEndian: Element.postgresType.oid)
        guard count > 0 else { return }
        buffer.append(bigEndian: count)
        buffer.append(bigEndian: Int32(1))
        for element in self {
            if element.isNull {
                buffer[flagOffset + 3] = 1
                buffer.append(bigEndian: Int32(-1))
                continue
            }
            let lengthOffset = buffer.count
            buffer.append(bigEndian: Int32(0))
            try element.encode(into: &buffer)
            guard let length = Int32(exactly: buffer.count - lengthOffset - 4) else {
                throw PostgresError(.encoding, "an array element is too large for Postgres")
            }
            buffer.withUnsafeMutableBytes { $0.storeBytes(of: length.bigEndian, toByteOffset: lengthOffset, as: Int32.self) }
        }
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    /// From an array of at most one dimension. Every length from the server is checked against the bytes that are there.
    public static func decode(from cell: PostgresCell) throws -> [Element] {
        try cell.withBytes { bytes throws(any Error) in
            guard bytes.count >= 12 else { throw cell.malformed("array") }
            let dimensions: Int32 = bytes.bigEndian(at: 0)
            let elementType: UInt32 = bytes.bigEndian(at: 8)
            if dimensions == 0 { return [] }
            guard dimensions == 1, bytes.count >= 20 else { throw cell.mismatch("one-dimensional array") }
            let count: Int32 = bytes.bigEndian(at: 12)
            guard count >= 0, Int(count) <= (bytes.count - 20) / 4 else { throw cell.malformed("array") }
            var elements: [Element] = []
            elements.reserveCapacity(Int(count))
            var offset = 20
            for _ in 0..<count {
                guard bytes.count - offset >= 4 else { throw cell.malformed("array") }
                let length = Int(bytes.bigEndian(Int32.self, at: offset))
                offset += 4
                guard length >= -1, Swift.max(length, 0) <= bytes.count - offset else { throw cell.malformed("array") }
                let element = length < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
                elements.append(try Element.decode(from: cell.element(type: elementType, bytes: element)))
                offset += Swift.max(length, 0)
            }
            return elements
        }
    }
}
