/// Waits until a condition holds: looks, and looks again every few milliseconds, so that a test needs no sleep.
///
/// - Parameters:
///   - what: what should come about, for the report.
///   - limit: how long it may take.
///   - file: where it is waited for; leave it out.
///   - line: the same.
///   - condition: asked again and again, so it should be cheap.
/// - Throws: ``DidNotHappen`` when the time is over; what the condition throws.
public func eventually(
    _ what: String, within limit: Duration = .seconds(120), file: String = #fileID, line: Int = #line,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw DidNotHappen(what: what, limit: limit, file: file, line: line) }
        try await Task.sleep(for: .milliseconds(3))
    }
}

/// A condition that did not come to hold in its time.
public struct DidNotHappen: Error, Sendable, CustomStringConvertible {
    /// What should have come about.
    public let what: String
    /// How long it was waited for.
    public let limit: Duration
    /// Where it was waited for.
    public let file: String, line: Int

    public var description: String { "did not happen within \(limit): \(what) (\(file):\(line))" }
}
