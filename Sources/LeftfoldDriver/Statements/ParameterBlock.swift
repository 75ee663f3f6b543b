/// Bound values in the shape libpq takes them.
struct ParameterBlock {
    let count: Int32
    let types: UnsafePointer<UInt32>?
    let values: UnsafePointer<UnsafePointer<CChar>?>?
    let lengths: UnsafePointer<Int32>?
    let formats: UnsafePointer<Int32>?
}

extension SQL {
    /// Lends the values to a call of libpq. They stay where they are; only what points at them is laid out, on the stack if they are few.
    func withParameters<R>(_ body: (ParameterBlock) -> R) -> R {
        let count = lengths.count
        guard count > 0 else { return body(ParameterBlock(count: 0, types: nil, values: nil, lengths: nil, formats: nil)) }
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { types in
                    values.withUnsafeBytes { bytes in
                        // An empty value needs an address, too: a null pointer would mean NULL.
                        let start = bytes.baseAddress ?? UnsafeRawPointer(numbers.baseAddress)
                        var offset = 0
                        for index in 0..<count {
                            types[index] = template.placeholders[index].type
                            pointers[index] = lengths[index].flatMap { _ in start?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
                            }
                            numbers[index] = lengths[index] ?? 0
                            numbers[count + index] = 1
                            offset += Int(lengths[index] ?? 0)
                        }
                        return body(
                            ParameterBlock(
                                count: Int32(clamping: count), types: types.baseAddress.map { UnsafePointer($0) },
                                values: pointers.baseAddress.map { UnsafePointer($0) },
                                lengths: numbers.baseAddress.map { UnsafePointer($0) },
                                formats: numbers.baseAddress.map { UnsafePointer($0 + count) }))
                    }
                }
            }
        }
    }
}
