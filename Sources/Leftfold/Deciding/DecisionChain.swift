/// Commands for one stream, each decided on the outcome of the one before.
struct DecisionChain {
    /// Links are stored one by one where one of them is refused, and all other commands of the service wait meanwhile.
    static let maximumLength = 64
    /// Of one chain, but for its last link.
    private static let maximumBytes = 1 << 20

    private(set) var links: [Link] = []
    private var bytes = 0

    struct Link {
        let append: Append
        /// The version it was decided on.
        let known: StreamVersion
        /// What the stream will be like after it.
        let state: any Aggregate
        let version: StreamVersion

        /// The answer to the command that decided this.
        func receipt(for answer: AppendAnswer) throws -> Receipt {
            // The version is the one decided on: a chain's predecessor was to bring the stream there.
            if answer == .predecessorNotAppended, let stream = append.writes.first?.stream {
                throw WrongExpectedVersion(stream: stream, expected: known, actual: known)
            }
            return try Receipt(answer, to: append)
        }
    }

    struct OtherAggregate: Error {}

    init(_ first: Link) { add(first) }

    var appends: [Append] { links.map(\.append) }

    var isFull: Bool { links.count >= Self.maximumLength || bytes > Self.maximumBytes }

    mutating func add(_ link: Link) {
        links.append(link)
        bytes += link.append.size
    }

    /// The last of it that was appended.
    func end(of answers: [AppendAnswer]) -> Link? {
        zip(links, answers).reversed().first { $1.isAppended }?.0
    }
}
