import Foundation
import Synchronization

/// One JSON value in its written form. ``StrictJSON`` writes it into an answer as it is: fields in their order, numbers with all their
/// digits, however large.
///
/// Other encoders refuse it, for they could not keep that. Decoded, it has the same meaning as what was read, in another spelling; numbers that
/// `Decimal` cannot hold are an error.
public struct RawJSON: Sendable, Hashable {
    /// UTF-8, on one line.
    public let bytes: [UInt8]

    /// - Parameter bytes: must be one JSON value, such as a column of type `json` has it.
    public init(_ bytes: [UInt8]) {
        // Within its strings JSON has line breaks as escapes only, so that these are blanks between its parts.
        self.bytes = bytes.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    }
}

extension RawJSON: CustomStringConvertible {
    public var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension RawJSON: Codable {
    public func encode(to encoder: any Encoder) throws {
        guard let places = encoder.userInfo[.rawJSONPlaces] as? RawJSONPlaces else {
            throw EncodingError.invalidValue(
                self, .init(codingPath: encoder.codingPath, debugDescription: "raw JSON can be written by StrictJSON only"))
        }
        var container = encoder.singleValueContainer()
        try container.encode(places.place(for: self))
    }

    public init(from decoder: any Decoder) throws {
        var bytes: [UInt8] = []
        try Self.write(decoder, to: &bytes)
        self.init(bytes)
    }

    private static func write(_ decoder: any Decoder, to json: inout [UInt8]) throws {
        if let object = try? decoder.container(keyedBy: Name.self) {
            json.append(UInt8(ascii: "{"))
            for (index, name) in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }).enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                JSONText.string(name.stringValue).append(to: &json)
                json.append(UInt8(ascii: ":"))
                try write(object.superDecoder(forKey: name), to: &json)
            }
            json.append(UInt8(ascii: "}"))
        } else if var array = try? decoder.unkeyedContainer() {
            json.append(UInt8(ascii: "["))
            while !array.isAtEnd {
                if array.currentIndex > 0 { json.append(UInt8(ascii: ",")) }
                try write(array.superDecoder(), to: &json)
            }
            json.append(UInt8(ascii: "]"))
        } else {
            try write(decoder.singleValueContainer(), to: &json)
        }
    }

    private static func write(_ scalar: any SingleValueDecodingContainer, to json: inout [UInt8]) throws {
        if scalar.decodeNil() {
            json.append(contentsOf: "null".utf8)
        } else if let text = try? scalar.decode(String.self) {
            JSONText.string(text).append(to: &json)
        } else if let bool = try? scalar.decode(Bool.self) {
            json.append(contentsOf: (bool ? "true" : "false").utf8)
        } else {
            json.append(contentsOf: "\(try scalar.decode(Decimal.self))".utf8)
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// Where raw JSON goes in a text that an encoder writes. The encoder writes a mark in its place, and the mark is replaced afterwards.
///
/// A mark holds random bytes, as the boundaries of MIME do, made when all the values exist: no text in them can be one.
final class RawJSONPlaces: Sendable {
    private struct State {
        var boundary: [UInt8] = []
        var values: [RawJSON] = []
    }

    private let state = Mutex(State())
    /// Hexadecimal digits of the index behind the boundary, so that all marks are of one length.
    private static let indexLength = 16

    func place(for value: RawJSON) -> String {
        state.withLock { state in
            if state.values.isEmpty {
                let random = (UInt64.random(in: 1 << 60 ... .max), UInt64.random(in: 1 << 60 ... .max))
                state.boundary = Array("\(random.0)\(random.1)".utf8)
            }
            state.values.append(value)
            let index = String(state.values.count - 1, radix: 16)
            return String(decoding: state.boundary, as: UTF8.self) + String(repeating: "0", count: Self.indexLength - index.utf8.count)
                + index
        }
    }

    /// The text with the values in their places.
    func filled(_ json: [UInt8]) -> [UInt8] {
        let (boundary, values) = state.withLock { ($0.boundary, $0.values) }
        guard !values.isEmpty else { return json }
        let length = boundary.count + Self.indexLength
        var filled: [UInt8] = []
        filled.reserveCapacity(json.count + values.reduce(0) { $0 + $1.bytes.count })
        var index = 0
        while index < json.count {
            let mark = json[index...].dropFirst().prefix(length)
            if json[index] == UInt8(ascii: "\""), mark.starts(with: boundary),
                let place = Int(String(decoding: mark.dropFirst(boundary.count), as: UTF8.self), radix: 16), values.indices.contains(place)
            {
                filled += values[place].bytes
                index += length + 2
            } else {
                filled.append(json[index])
                index += 1
            }
        }
        return filled
    }
}

extension CodingUserInfoKey {
    /// The ``RawJSONPlaces`` of an encoder.
    static let rawJSONPlaces = CodingUserInfoKey("leftfold.raw_json_places")
}
