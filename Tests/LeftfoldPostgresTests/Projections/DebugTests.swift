import Foundation
import Testing
import LeftfoldDriver
@testable import LeftfoldPostgres
@Suite struct DebugTests {
    struct Key: Hashable, Codable, Sendable { var shelf: UUID, title: String }
    struct Row: Equatable, Codable, Sendable {}
    @Test func debug() throws {
        let table = try RowTable("t", [Column(name: "shelf", type: "uuid", base: "uuid", isKey: true), Column(name: "title", type: "text", base: "text", isKey: true)])
        let v = try RowValues(table)
        try v.encode(Key(shelf: UUID(), title: "x"))
        print(v.all)
        try v.encode(Row())
        print(v.all)
        do { print(try table.selection(of: [Key(shelf: UUID(), title: "x")])) } catch { print("sel", error) }
        do { print(try table.upsert([(Key(shelf: UUID(), title: "x"), Row())])) } catch { print("ups", error) }
    }
}
