/// A type of message of PostgreSQL's frontend/backend protocol, version 3, by the name that the protocol's documentation has for it, together
/// with who sends it.
public struct MessageType: Hashable, Sendable, CustomStringConvertible {
    /// One of the two ends of a connection.
    public enum Sender: Hashable, Sendable {
        /// libpq, or whoever else connected.
        case client
        /// PostgreSQL.
        case server
    }

    /// Who sends it.
    public let sender: Sender
    /// `Execute`, `ReadyForQuery` and so on.
    public let name: String

    public var description: String { name }

    init(_ sender: Sender, _ name: String) {
        self.sender = sender
        self.name = name
    }

    /// By the byte that a message begins with. Unknown ones are of newer servers; they pass under the name of their byte.
    init(_ sender: Sender, byte: UInt8) {
        let names = sender == .client ? Self.ofClient : Self.ofServer
        self.init(sender, names[byte] ?? "Unknown(\(UnicodeScalar(byte)))")
    }
}

// MARK: Of the client

extension MessageType {
    public static let startup = MessageType(.client, "StartupMessage")
    public static let sslRequest = MessageType(.client, "SSLRequest")
    public static let gssEncryptionRequest = MessageType(.client, "GSSENCRequest")
    /// Comes on a connection of its own.
    public static let cancelRequest = MessageType(.client, "CancelRequest")
    /// The answer to a request for authentication, of whatever kind.
    public static let password = MessageType(.client, "PasswordMessage")

    /// The simple protocol: a text of statements.
    public static let query = MessageType(.client, "Query")
    public static let parse = MessageType(.client, "Parse")
    public static let bind = MessageType(.client, "Bind")
    public static let describe = MessageType(.client, "Describe")
    public static let execute = MessageType(.client, "Execute")
    /// Ends what the extended protocol does in one transaction: the server commits when it reads it.
    public static let sync = MessageType(.client, "Sync")
    public static let flush = MessageType(.client, "Flush")
    public static let close = MessageType(.client, "Close")
    public static let functionCall = MessageType(.client, "FunctionCall")
    public static let terminate = MessageType(.client, "Terminate")
    /// `COPY … FROM STDIN`.
    public static let copyDataIn = MessageType(.client, "CopyData to the server")
    public static let copyDoneIn = MessageType(.client, "CopyDone to the server")
    public static let copyFail = MessageType(.client, "CopyFail")

    private static let ofClient: [UInt8: String] = [
        0x70: password.name, 0x51: query.name, 0x50: parse.name, 0x42: bind.name, 0x44: describe.name, 0x45: execute.name,
        0x53: sync.name, 0x48: flush.name, 0x43: close.name, 0x46: functionCall.name, 0x58: terminate.name, 0x64: copyDataIn.name,
        0x63: copyDoneIn.name, 0x66: copyFail.name,
    ]
}

// MARK: Of the server

extension MessageType {
    /// The one byte that answers a request for encryption.
    public static let encryptionAnswer = MessageType(.server, "EncryptionResponse")
    public static let authentication = MessageType(.server, "Authentication")
    public static let parameterStatus = MessageType(.server, "ParameterStatus")
    public static let backendKeyData = MessageType(.server, "BackendKeyData")
    public static let negotiateProtocolVersion = MessageType(.server, "NegotiateProtocolVersion")

    public static let parseComplete = MessageType(.server, "ParseComplete")
    public static let bindComplete = MessageType(.server, "BindComplete")
    public static let closeComplete = MessageType(.server, "CloseComplete")
    public static let parameterDescription = MessageType(.server, "ParameterDescription")
    public static let rowDescription = MessageType(.server, "RowDescription")
    public static let noData = MessageType(.server, "NoData")
    public static let dataRow = MessageType(.server, "DataRow")
    public static let portalSuspended = MessageType(.server, "PortalSuspended")
    public static let commandComplete = MessageType(.server, "CommandComplete")
    public static let emptyQueryResponse = MessageType(.server, "EmptyQueryResponse")
    /// Says that the transaction, if it was one of its own, is committed.
    public static let readyForQuery = MessageType(.server, "ReadyForQuery")
    public static let errorResponse = MessageType(.server, "ErrorResponse")
    public static let noticeResponse = MessageType(.server, "NoticeResponse")
    /// What `NOTIFY` sends to those who listen.
    public static let notificationResponse = MessageType(.server, "NotificationResponse")
    public static let functionCallResponse = MessageType(.server, "FunctionCallResponse")
    public static let copyInResponse = MessageType(.server, "CopyInResponse")
    public static let copyOutResponse = MessageType(.server, "CopyOutResponse")
    public static let copyBothResponse = MessageType(.server, "CopyBothResponse")
    /// `COPY … TO STDOUT`.
    public static let copyDataOut = MessageType(.server, "CopyData to the client")
    public static let copyDoneOut = MessageType(.server, "CopyDone to the client")

    private static let ofServer: [UInt8: String] = [
        0x52: authentication.name, 0x53: parameterStatus.name, 0x4B: backendKeyData.name, 0x76: negotiateProtocolVersion.name,
        0x31: parseComplete.name, 0x32: bindComplete.name, 0x33: closeComplete.name, 0x74: parameterDescription.name,
        0x54: rowDescription.name, 0x6E: noData.name, 0x44: dataRow.name, 0x73: portalSuspended.name, 0x43: commandComplete.name,
        0x49: emptyQueryResponse.name, 0x5A: readyForQuery.name, 0x45: errorResponse.name, 0x4E: noticeResponse.name,
        0x41: notificationResponse.name, 0x56: functionCallResponse.name, 0x47: copyInResponse.name, 0x48: copyOutResponse.name,
        0x57: copyBothResponse.name, 0x64: copyDataOut.name, 0x63: copyDoneOut.name,
    ]
}

extension MessageType {
    /// Bytes that nobody between the two ends can read.
    static func encrypted(_ sender: Sender) -> MessageType { MessageType(sender, "Encrypted") }
}
