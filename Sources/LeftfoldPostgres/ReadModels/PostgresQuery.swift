public import Leftfold
public import LeftfoldDriver

/// A query that one statement on the read tables answers.
public protocol PostgresQuery: Query {
    /// Reads the tables of the projections in `reads` by their plain names, and nothing else.
    var statement: SQL { get }
    /// Makes the answer of the rows. A `Refusal` that it throws, such as `NotFound`, is the answer.
    func answer(_ rows: Rows) throws -> Answer
}
