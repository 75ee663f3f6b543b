import HTTPTypes

/// Header fields are strangers' text: they are read as bytes, of a bounded number, and nothing is hashed, compared or normalized.
extension HTTPFields {
    /// The bytes of a field that may be there once, and no longer than this; nil where it is not there.
    func single(_ name: HTTPField.Name, atMost maximum: Int, else refusal: RequestRefusal) throws(RequestRefusal) -> [UInt8]? {
        var found: [UInt8]?
        for field in self[fields: name] {
            guard found == nil else { throw refusal }
            found = try field.withUnsafeBytesOfValue { value throws(RequestRefusal) in
                guard value.count <= maximum else { throw refusal }
                return Array(value)
            }
        }
        return found
    }

    /// The bytes of all fields of a name: those of a list may be spread over several (RFC 9110 §5.3).
    func all(_ name: HTTPField.Name) -> [[UInt8]] { self[fields: name].map { $0.withUnsafeBytesOfValue { Array($0) } } }
}

extension Collection<UInt8> where SubSequence: BidirectionalCollection {
    /// Without spaces and tabs around it.
    var trimmed: SubSequence {
        var rest = self[...]
        while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return rest
    }

    /// Whether it is this word of lower-case ASCII letters, in any case.
    func isWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            count == word.count && zip(self, word).allSatisfy { $0 == $1 || (0x41...0x5A).contains($0) && $0 | 0x20 == $1 }
        }
    }
}
