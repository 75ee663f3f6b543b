import HummingbirdCore
import HummingbirdTLS

/// The certificate that the edge shows, and its key. TLS 1.2 and newer.
public struct TLSIdentity: Sendable {
    let configuration: TLSConfiguration

    /// - Parameters:
    ///   - certificateChain: PEM, the server's own certificate first.
    ///   - privateKey: PEM.
    ///
    /// Throws ``Unusable`` for what is no certificate or no key, and where the two do not belong together.
    public init(certificateChain: [UInt8], privateKey: [UInt8]) throws {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(certificateChain), !certificates.isEmpty else {
            throw Unusable(description: "there is no certificate in PEM in it")
        }
        guard let key = try? NIOSSLPrivateKey(bytes: privateKey, format: .pem) else {
            throw Unusable(description: "there is no private key in PEM in it")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // Whether the two belong together shows when a channel is made of them: here, not with the first client.
        do {
            _ = try TLSChannel(HTTP1Channel(responder: { _, _, _ in }), tlsConfiguration: configuration)
        } catch {
            throw Unusable(description: "the certificate and the key do not belong together")
        }
        self.configuration = configuration
    }

    /// Reads both from files; that of the key must be its owner's alone.
    package init(certificateFile: String, keyFile: String) throws {
        try self.init(certificateChain: SecretFile.look(certificateFile).bytes, privateKey: SecretFile.read(keyFile))
    }

    /// Why nothing can be served with these. It never repeats what is in them.
    public struct Unusable: Error, CustomStringConvertible {
        public let description: String
    }
}
