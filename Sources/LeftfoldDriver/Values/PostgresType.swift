/// A type of the server, known by its object identifier.
public struct PostgresType: Hashable, Sendable, CustomStringConvertible {
    /// The object identifier, as in `pg_type.oid`. 0 lets the server infer the type.
    public let oid: UInt32
    /// The object identifier of the array of this type; 0 if there is none we know.
    public let arrayOID: UInt32

    /// A type by its identifiers, for example those of an extension's type read from `pg_type`.
    public init(oid: UInt32, arrayOID: UInt32 = 0) {
        self.oid = oid
        self.arrayOID = arrayOID
    }

    /// `oid` and the number, for example `oid 25`.
    public var description: String { "oid \(oid)" }

    /// `boolean`
    public static let bool = PostgresType(oid: 16, arrayOID: 1000)
    /// `bytea`
    public static let bytea = PostgresType(oid: 17, arrayOID: 1001)
    /// `name`
    public static let name = PostgresType(oid: 19, arrayOID: 1003)
    /// `bigint`
    public static let int8 = PostgresType(oid: 20, arrayOID: 1016)
    /// `smallint`
    public static let int2 = PostgresType(oid: 21, arrayOID: 1005)
    /// `integer`
    public static let int4 = PostgresType(oid: 23, arrayOID: 1007)
    /// `text`
    public static let text = PostgresType(oid: 25, arrayOID: 1009)
    /// `oid`
    public static let oid = PostgresType(oid: 26, arrayOID: 1028)
    /// `json`
    public static let json = PostgresType(oid: 114, arrayOID: 199)
    /// `real`
    public static let float4 = PostgresType(oid: 700, arrayOID: 1021)
    /// `double precision`
    public static let float8 = PostgresType(oid: 701, arrayOID: 1022)
    /// What a literal without a type is.
    public static let unknown = PostgresType(oid: 705)
    /// `character(n)`
    public static let bpchar = PostgresType(oid: 1042, arrayOID: 1014)
    /// `varchar`
    public static let varchar = PostgresType(oid: 1043, arrayOID: 1015)
    /// `timestamptz`
    public static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
    /// `uuid`
    public static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
    /// `jsonb`
    public static let jsonb = PostgresType(oid: 3802, arrayOID: 3807)
    /// `xid8`
    public static let xid8 = PostgresType(oid: 5069, arrayOID: 271)

    /// The array of this type. An array of arrays has no type.
    public var array: PostgresType { PostgresType(oid: arrayOID) }
}
