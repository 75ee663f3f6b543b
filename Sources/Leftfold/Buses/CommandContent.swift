import Foundation

/// The bytes that a command id stands for: the same command by the same principal is the same bytes (I10).
enum CommandContent {
    static func of(_ command: some Command, _ context: CommandContext) throws -> [UInt8] {
        header(type(of: command).name, context) + (try JSONCoding.encoder.encode(command))
    }

    /// For what could not be decoded. The zero byte keeps it apart from any decoded command.
    static func raw(named name: String, _ bytes: [UInt8], _ context: CommandContext) -> [UInt8] {
        header(name, context) + [0] + bytes
    }

    private static func header(_ name: String, _ context: CommandContext) -> [UInt8] {
        let expected = context.expectedVersion.map(\.description) ?? ""
        return Array("\(name)\u{0}\(context.principal.tenant ?? "")\u{0}\(context.principal.subject)\u{0}\(expected)\u{0}".utf8)
    }
}
