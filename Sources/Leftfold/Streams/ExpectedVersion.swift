/// What the writer believes about a stream when it appends. The append fails as a conflict when it is wrong.
public enum ExpectedVersion: Sendable, Hashable {
    /// No belief: append after whatever is there.
    case any
    /// The stream holds exactly this many events; `.exactly(.zero)` means that it has none.
    case exactly(StreamVersion)

    public static var noStream: Self { .exactly(.zero) }
}
