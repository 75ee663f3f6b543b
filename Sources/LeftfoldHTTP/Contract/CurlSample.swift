import HTTPTypes
import Leftfold

/// A request for a shell, with `$URL` and `$TOKEN` set.
struct CurlSample {
    let method: HTTPRequest.Method
    /// With values in the place of what it captures.
    let path: String
    var needsToken = true
    var body: JSONTree?

    var text: String {
        var parts = ["curl -sS"]
        let usual: HTTPRequest.Method = body == nil ? .get : .post
        if method != usual { parts.append("-X \(method.rawValue)") }
        parts.append("\"$URL\(path)\"")
        if needsToken { parts.append("-H \"Authorization: Bearer $TOKEN\"") }
        if let body {
            parts.append("-H 'Content-Type: application/json'")
            parts.append("-d '\(String(decoding: body.bytes, as: UTF8.self).replacing("'", with: "'\\''"))'")
        }
        return parts.joined(separator: " ")
    }

    var tree: JSONTree { [["lang": "Shell", "label": "curl", "source": .string(text)]] }
}
