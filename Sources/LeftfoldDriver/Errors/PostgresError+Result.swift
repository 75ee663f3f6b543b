import CLibPQ

extension PostgresError {
    /// Copies an error result's fields. The caller still owns the result.
    init(result: OpaquePointer) {
        let fields = Fields(
            severity: PostgresError.field("V", of: result) ?? PostgresError.field("S", of: result),
            detail: PostgresError.field("D", of: result), hint: PostgresError.field("H", of: result),
            context: PostgresError.field("W", of: result), schema: PostgresError.field("s", of: result),
            table: PostgresError.field("t", of: result), column: PostgresError.field("c", of: result),
            constraint: PostgresError.field("n", of: result))
        let code = PostgresError.field("C", of: result).map { SQLState(rawValue: $0) }
        let message = PostgresError.field("M", of: result) ?? PostgresError.line(PQresultErrorMessage(result)) ?? "unknown error"
        // An error without a code was made by libpq itself: the connection broke.
        let fatal = fields.severity == "FATAL" || fields.severity == "PANIC"
        guard let code, !fatal else {
            self.init(.connectionLost, message, sqlState: code, fields: fields)
            return
        }
        self.init(.server(code), message, sqlState: code, fields: fields)
    }

    /// One field of an error or notice, by the letter the protocol gives it.
    static func field(_ letter: Unicode.Scalar, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
    }

    /// What libpq has to say about its last failure on a connection.
    static func lastMessage(of connection: OpaquePointer) -> String? { line(PQerrorMessage(connection)) }

    /// libpq's messages end with a line end, and may have several lines.
    private static func line(_ message: UnsafePointer<CChar>?) -> String? {
        message.map { message in
            String(cString: message).split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
        }
    }
}
