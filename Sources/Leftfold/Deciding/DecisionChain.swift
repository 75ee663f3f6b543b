/// Commands for one stream, each decided on the outcome of the one before.
struct DecisionChain {
    /// Links are stored one by one, and all other commands of the service wait meanwhile.
    static let maximumLength = 64
    /// Of one chain, but for its last link.
    private static let maximumBytes = 1 << 20

    private(set) var links: [Link] = []
    private var bytes = 0

    struct Link {
        let request: AppendRequest
        /// The version it was decided on.
        let known: StreamVersion
        /// What the stream will be like after it.
        let state: any Aggregate
        let version: StreamVersion
    }

    struct OtherAggregate: Error {}

    init(_ first: Link) { add(first) }

    var requests: [AppendRequest] { links.map(\.request) }

    var isFull: Bool { links.count >= Self.maximumLength || bytes > Self.maximumBytes }

    mutating func add(_ link: Link) {
        links.append(link)
        bytes += link.request.size
    }

    /// The last of it that was appended.
    func end(of results: [AppendResult]) -> Link? {
        zip(links, results).reversed().first { $1.isAppended }?.0
    }
}
