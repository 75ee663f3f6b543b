/// Requests as they go over the wire.
enum HTTPRequestText {
    static func get(_ path: String, token: String?) -> String { "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(authorization(token))\r\n" }

    static func post(_ path: String, json: String, token: String) -> String {
        """
        POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(authorization(token))Content-Type: application/json\r\n\
        Content-Length: \(json.utf8.count)\r\n\r\n\(json)
        """
    }

    private static func authorization(_ token: String?) -> String { token.map { "Authorization: Bearer \($0)\r\n" } ?? "" }
}
