import NIOCore

/// Who a connection comes from, as far as limits go: an IPv4 address, or the 64 bits of an IPv6 address that one site has to itself.
struct ClientAddress: Hashable, Sendable {
    private let bits: UInt64
    private let isIPv6: Bool

    /// Whatever has no address counts as one client.
    init(_ address: SocketAddress?) {
        let bytes = address?.withSockAddr { address, size in Array(UnsafeRawBufferPointer(start: address, count: size)) } ?? []
        switch address {
        // A family and a port come first, of IPv6 a label of the flow, too.
        case .v4 where bytes.count >= 8: self.init(bytes[4..<8], isIPv6: false)
        case .v6 where bytes.count >= 24:
            let isMapped = bytes[8..<20].elementsEqual(Self.mapped)
            self.init(isMapped ? bytes[20..<24] : bytes[8..<16], isIPv6: !isMapped)
        default: self.init([], isIPv6: false)
        }
    }

    private init(_ bytes: ArraySlice<UInt8>, isIPv6: Bool) {
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
        self.isIPv6 = isIPv6
    }

    /// How an IPv4 address begins at a listener for both.
    private static let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
}
