/// Commands for one stream, each decided on the outcome of the one before.
struct DecisionChain {
    private(set) var links: [Link] = []

    struct Link {
        let request: AppendRequest
        /// The version it was decided on.
        let known: StreamVersion
        /// What the stream will be like after it.
        let state: any Aggregate
        let version: StreamVersion
    }

    struct OtherAggregate: Error {}

    init(_ first: Link) { links = [first] }

    var requests: [AppendRequest] { links.map(\.request) }

    mutating func add(_ link: Link) { links.append(link) }

    /// The last of it that was appended.
    func end(of results: [AppendResult]) -> Link? {
        zip(links, results).reversed().first { $1.isAppended }?.0
    }
}
