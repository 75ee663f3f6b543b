/// The files of `migrations/`, embedded at build time, in the order in which they are applied.
public enum LeftfoldSchema {
    public static let migrations: [(number: Int, name: String, sql: [UInt8])] = [
        (1, "migrations", PackageResources.V0001_migrations_sql),
        (2, "events", PackageResources.V0002_events_sql),
        (3, "commands", PackageResources.V0003_commands_sql),
        (4, "claims", PackageResources.V0004_claims_sql),
        (5, "append", PackageResources.V0005_append_sql),
        (6, "checkpoints", PackageResources.V0006_checkpoints_sql),
        (7, "views", PackageResources.V0007_views_sql),
    ]
}
