/// Parameters in the shape libpq takes them.
struct ParameterBlock {
    let count: Int32
    let types: UnsafePointer<UInt32>?
    let values: UnsafePointer<UnsafePointer<CChar>?>?
    let lengths: UnsafePointer<Int32>?
    let formats: UnsafePointer<Int32>?
}

extension [Parameter] {
    /// Lays the values out side by side, on the stack if they are few and small.
    func withLibPQ<R>(_ body: (ParameterBlock) -> R) -> R {
        guard !isEmpty else { return body(ParameterBlock(count: 0, types: nil, values: nil, lengths: nil, formats: nil)) }
        let count = count
        // One byte more, so that an empty value still has an address: a null pointer would mean NULL.
        let size = reduce(1) { $0 + ($1.bytes?.count ?? 0) }
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { flat in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { types in
                        var offset = 0
                        for (index, parameter) in enumerated() {
                            types[index] = parameter.oid
                            numbers[count + index] = 1
                            guard let bytes = parameter.bytes else {
                                values[index] = nil
                                numbers[index] = 0
                                continue
                            }
                            UnsafeMutableRawBufferPointer(rebasing: flat[offset..<offset + bytes.count]).copyBytes(from: bytes)
                            values[index] = flat.baseAddress.map {
                                UnsafePointer($0.advanced(by: offset).assumingMemoryBound(to: CChar.self))
                            }
                            numbers[index] = Int32(clamping: bytes.count)
                            offset += bytes.count
                        }
                        let block = ParameterBlock(
                            count: Int32(clamping: count), types: types.baseAddress.map { UnsafePointer($0) },
                            values: values.baseAddress.map { UnsafePointer($0) },
                            lengths: numbers.baseAddress.map { UnsafePointer($0) },
                            formats: numbers.baseAddress.map { UnsafePointer($0 + count) })
                        return body(block)
                    }
                }
            }
        }
    }
}
