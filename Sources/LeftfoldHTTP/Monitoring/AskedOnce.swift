/// A question that costs something, asked once for all who want to know within a second: strangers may ask it.
actor AskedOnce<Answer: Sendable> {
    private let ask: @Sendable () async -> Answer
    private let lifetime: Duration
    private var kept: (answer: Answer, until: ContinuousClock.Instant)?
    private var isAsking = false
    private var waiting: [CheckedContinuation<Answer, Never>] = []

    init(for lifetime: Duration = .seconds(1), _ ask: @escaping @Sendable () async -> Answer) {
        (self.lifetime, self.ask) = (lifetime, ask)
    }

    func answer() async -> Answer {
        if let kept, kept.until > .now { return kept.answer }
        if isAsking { return await withCheckedContinuation { waiting.append($0) } }
        isAsking = true
        let answer = await ask()
        isAsking = false
        kept = (answer, .now + lifetime)
        for continuation in waiting { continuation.resume(returning: answer) }
        waiting = []
        return answer
    }
}
