public import Leftfold
public import LeftfoldDriver

// Bound and read as what they are made of.
extension EventType: PostgresEncodable, PostgresDecodable {}
extension FollowerName: PostgresEncodable, PostgresDecodable {}
extension GlobalPosition: PostgresEncodable, PostgresDecodable {}
extension Outcome: PostgresEncodable, PostgresDecodable {}
extension ProjectionName: PostgresEncodable, PostgresDecodable {}
extension RefusalKind: PostgresEncodable, PostgresDecodable {}
extension StreamName: PostgresEncodable, PostgresDecodable {}
extension StreamVersion: PostgresEncodable, PostgresDecodable {}
extension Tag: PostgresEncodable, PostgresDecodable {}
