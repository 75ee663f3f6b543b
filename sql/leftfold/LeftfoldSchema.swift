/// The files of `migrations/`, embedded at build time, in the order in which they are applied.
public enum LeftfoldSchema {
    public static let migrations: [(number: Int, name: String, sql: [UInt8])] = [
        (1, "migrations", PackageResources.V0001_migrations_sql),
        (2, "events", PackageResources.V0002_events_sql),
        (3, "commands", PackageResources.V0003_commands_sql),
        (4, "claims", PackageResources.V0004_claims_sql),
        (5, "append", PackageResources.V0005_append_sql),
        (10, "followers", PackageResources.V0010_followers_sql),
        (11, "advance", PackageResources.V0011_advance_sql),
        (21, "looking", PackageResources.V0021_looking_sql),
        (30, "generations", PackageResources.V0030_generations_sql),
        (31, "projections", PackageResources.V0031_projections_sql),
    ]
}
