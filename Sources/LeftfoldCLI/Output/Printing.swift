import Foundation
import Leftfold

/// Data on standard output, for people or for machines.
struct Printing {
    let json: Bool

    /// One object a line.
    func object(_ value: some Encodable, text: @autoclosure () -> String) throws {
        if json {
            line(String(decoding: try StrictJSON.encode(value), as: UTF8.self))
        } else {
            line(text())
        }
    }

    func event(_ event: RecordedEvent) {
        let printed = PrintedEvent(event: event)
        line(json ? String(decoding: printed.json, as: UTF8.self) : printed.text)
    }

    /// A line of text for people; nothing for machines.
    func note(_ text: String) { if !json { line(text) } }

    func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// A table whose columns are as wide as they need to be.
    func table(_ header: [String], _ rows: [[String]]) {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [header] + rows {
            let cells = zip(row, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
            var text = cells.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            line(text)
        }
    }
}

extension String {
    /// Stored text must not be able to move the cursor of whoever looks at it.
    var escapingControls: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
