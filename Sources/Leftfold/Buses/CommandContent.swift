import Foundation

/// The bytes that a command id stands for: the same command by the same principal is the same bytes (I10).
enum CommandContent {
    static func of(_ command: some Command, _ context: CommandContext) throws -> [UInt8] {
        header(type(of: command).name, context) + (try JSONCoding.encoder.encode(command))
    }

    /// For what could not be decoded. The byte behind the header keeps it apart from any decoded command.
    ///
    /// Of a lot of bytes their number and checksum stand for them, so that a megabyte of nonsense does not travel to the store.
    static func raw(named name: String, _ bytes: [UInt8], _ context: CommandContext) -> [UInt8] {
        guard bytes.count > longestRaw else { return header(name, context) + [0] + bytes }
        let checksum = Checksum(bytes)
        return header(name, context) + [1]
            + [UInt64(bytes.count), checksum.first, checksum.second].flatMap { number in withUnsafeBytes(of: number.bigEndian, Array.init) }
    }

    private static let longestRaw = 1024

    private static func header(_ name: String, _ context: CommandContext) -> [UInt8] {
        let expected = context.expectedVersions.map { $0.map(\.description).joined(separator: ",") } ?? ""
        return Array("\(name)\u{0}\(context.principal.tenant ?? "")\u{0}\(context.principal.subject)\u{0}\(expected)\u{0}".utf8)
    }
}
