import Foundation
import Leftfold
import Testing

@Suite("Raw JSON")
struct RawJSONTests {
    private struct Answer: Codable, Equatable {
        var a: String
        var data: [RawJSON]
        var z: RawJSON?
    }

    @Test(
        "is written as it is, between values that are encoded",
        arguments: [
            "1", "1e400", "-0.00", "123456789012345678901234567890.10", "null", "true", #""x\u0000\"""#, "[]", "{}",
            #"{"b":1,"a":[{"b":2}]}"#, "[ 1 ,2]",
        ])
    func written(json: String) throws {
        let raw = RawJSON(Array(json.utf8))
        let answer = Answer(a: "\u{1}\"\\é", data: [raw, RawJSON(Array("7".utf8)), raw], z: raw)
        let text = String(decoding: try StrictJSON.encode(answer), as: UTF8.self)
        #expect(text == #"{"a":"\u0001\"\\é","data":[\#(json),7,\#(json)],"z":\#(json)}"#)
    }

    @Test("loses the line breaks between its parts")
    func oneLine() { #expect(RawJSON(Array("{\n\"a\": 1\r\n}".utf8)).description == #"{"a": 1}"#) }

    @Test(
        "is read with its meaning",
        arguments: [
            (#"{"b":[1,-2.5,"x",null,true,{}],"a":{}}"#, #"{"a":{},"b":[1,-2.5,"x",null,true,{}]}"#), ("0.1", "0.1"),
            ("18446744073709551616", "18446744073709551616"),
        ])
    func read(json: String, expected: String) throws {
        #expect(try StrictJSON.decode([RawJSON].self, from: Array("[\(json)]".utf8)).map(\.description) == [expected])
    }

    @Test("is refused by encoders that would change it, and where a number cannot be kept")
    func refused() {
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(RawJSON([0x31])) }
        #expect(throws: MalformedInput.self) { try StrictJSON.decode([RawJSON].self, from: Array("[1e400]".utf8)) }
    }
}
