/// JSON from strangers that was looked over, in one pass over its bytes: well-formed to the letter of RFC 8259, UTF-8, without a key twice in
/// one object, within the limits of ``StrictJSON``.
///
/// What is wrong with its form is found here and nowhere else: what a decoder refuses afterwards is a value of another type. And no text in it
/// costs more than its length to hash, to compare or to normalize.
package struct InspectedJSON: Sendable {
    package let bytes: [UInt8]
    /// Behind the bracket of the outermost object, and its keys; nil where it is none.
    private let object: (start: Int, keys: [Range<Int>])?
    /// Numbers that a decoder of integers would round: `1.0000000000000001`.
    private let inexact: [Range<Int>]

    package init(_ json: [UInt8]) throws(MalformedInput) {
        let found = try json.withUnsafeBufferPointer { json throws(MalformedInput) in
            var inspection = JSONInspection(json)
            try inspection.run()
            return (object: inspection.outermost.map { ($0.start, $0.keys) }, inexact: inspection.inexact)
        }
        self.init(bytes: json, object: found.object, inexact: found.inexact)
    }

    private init(bytes: [UInt8], object: (start: Int, keys: [Range<Int>])?, inexact: [Range<Int>]) {
        (self.bytes, self.object, self.inexact) = (bytes, object, inexact)
    }

    /// Whether the outermost object has this key.
    package func has(_ name: String) -> Bool {
        object?.keys.contains { bytes[$0].elementsEqual(name.utf8) } == true
    }

    /// The object with these fields in front; of `defaults` those that it does not have. What is no object stays as it is.
    package func adding(
        _ fields: [(name: String, value: JSONText)], defaults: [(name: String, value: JSONText)] = []
    ) throws(MalformedInput) -> InspectedJSON {
        guard let object else { return self }
        let added = fields + defaults.filter { !has($0.name) }
        guard !added.isEmpty else { return self }
        if let twice = added.first(where: { has($0.name) }) { throw .repeatedField(twice.name.utf8) }
        // Looked over as well: they may come from the path.
        let front = try InspectedJSON(JSONObject.inserting(added, into: JSONObject.empty))
        guard let own = front.object else { return self }
        // Without the last bracket of the one and the first of the other.
        var bytes = front.bytes
        bytes.removeLast()
        if !object.keys.isEmpty { bytes.append(UInt8(ascii: ",")) }
        let offset = bytes.count - object.start
        bytes += self.bytes[object.start...]
        func moved(_ range: Range<Int>) -> Range<Int> { range.lowerBound + offset..<range.upperBound + offset }
        return InspectedJSON(
            bytes: bytes, object: (own.start, own.keys + object.keys.map(moved)), inexact: front.inexact + inexact.map(moved))
    }

    /// The same with a fraction in place of each number that would be rounded to an integer: it can be decoded only where no integer is
    /// made of such a number. Nil where there is none.
    var withFractions: [UInt8]? {
        guard !inexact.isEmpty else { return nil }
        var json: [UInt8] = []
        var end = 0
        for number in inexact {
            json += bytes[end..<number.lowerBound]
            json += "0.5".utf8
            end = number.upperBound
        }
        return json + bytes[end...]
    }
}
