/// How logs are written. They go to standard error: standard output is for data.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line: `timestamp`, `level`, `label`, `message`, and `metadata` where there is some.
    case json
}
