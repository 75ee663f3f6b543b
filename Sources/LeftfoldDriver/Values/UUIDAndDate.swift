#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension UUID: PostgresEncodable, PostgresDecodable {
    /// `uuid`
    public static var postgresType: PostgresType { .uuid }
    /// Its sixteen bytes in their order.
    public func encode(into buffer: inout [UInt8]) {
        withUnsafeBytes(of: uuid) { buffer.append(contentsOf: $0) }
    }
    /// From `uuid`.
    public static func decode(from cell: PostgresCell) throws -> UUID {
        guard cell.type == PostgresType.uuid.oid else { throw cell.mismatch("UUID") }
        return try cell.withBytes { bytes throws(PostgresError) in
            guard bytes.count == 16 else { throw cell.malformed("UUID") }
            return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
        }
    }
}

/// Postgres counts microseconds from 2000-01-01, `Date` seconds from 2001-01-01, both UTC.
private let microsecondsBetweenEpochs: Int64 = 366 * 86_400 * 1_000_000

extension Date: PostgresEncodable, PostgresDecodable {
    /// `timestamptz`
    public static var postgresType: PostgresType { .timestamptz }

    /// Microseconds, rounded to the nearest. A date that is not finite or outside 4713 BC … 294276 AD is refused.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        let scaled = (timeIntervalSinceReferenceDate * 1_000_000).rounded()
        guard let sinceReference = Int64(exactly: scaled),
            case (let microseconds, let overflow) = sinceReference.addingReportingOverflow(microsecondsBetweenEpochs),
            !overflow, microseconds >= -211_813_488_000_000_000, microseconds < 9_223_371_331_200_000_000
        else { throw PostgresError(.encoding, "a date outside the range of timestamptz cannot be sent to Postgres") }
        buffer.append(bigEndian: microseconds)
    }

    /// From `timestamptz`. `infinity` and `-infinity` are refused. Exact to the microsecond for about 140 years around 2001.
    public static func decode(from cell: PostgresCell) throws -> Date {
        guard cell.type == PostgresType.timestamptz.oid else { throw cell.mismatch("Date") }
        return try cell.withBytes { bytes throws(PostgresError) in
            guard bytes.count == 8 else { throw cell.malformed("Date") }
            let microseconds: Int64 = bytes.bigEndian()
            guard microseconds != .max, microseconds != .min else {
                throw PostgresError(.decoding, "column \(cell.columnName) holds an infinite timestamp, which a Date cannot express")
            }
            let (sinceReference, overflow) = microseconds.subtractingReportingOverflow(microsecondsBetweenEpochs)
            guard !overflow else { throw cell.outOfRange("Date") }
            return Date(timeIntervalSinceReferenceDate: Double(sinceReference) / 1_000_000)
        }
    }
}
