/// The URL at which a process answers that listens on this address.
func webAddress(_ scheme: String, host: String, port: Int) -> String { "\(scheme)://\(URLHost.text(host)):\(port)" }

/// A host as it stands in a URL and in the header `Host`: an IPv6 address in brackets.
enum URLHost {
    static func text(_ host: String) -> String {
        guard host.contains(":") else { return host }
        return "[\(host.replacing("%", with: "%25"))]"
    }
}
