import Foundation
import Leftfold
import LeftfoldService

/// Data on standard output, for people or for machines. Everything throws ``StandardOutput/Lost``.
struct Printing {
    let json: Bool

    /// One object a line.
    func object(_ value: some Encodable, text: @autoclosure () -> String) throws {
        if json { try self.json(try StrictJSON.encode(value)) } else { try line(text()) }
    }

    func event(_ event: RecordedEvent) throws {
        let printed = PrintedEvent(event: event)
        if json { try self.json(printed.json) } else { try line(printed.text) }
    }

    /// JSON that is there already.
    func json(_ bytes: [UInt8]) throws {
        try StandardOutput.write(String(decoding: bytes, as: UTF8.self).escapingControlsInJSON + "\n")
    }

    /// A line of text for people; nothing for machines.
    func note(_ text: String) throws { if !json { try line(text) } }

    /// One line or several.
    func line(_ text: String) throws { try StandardOutput.write(text.escapingControlsInLines + "\n") }

    func table(_ header: [String], _ rows: [[String]]) throws {
        for line in Table(header, rows).lines(columns: Terminal.tableColumns) { try self.line(line) }
    }
}
