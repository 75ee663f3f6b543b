/// The files of `migrations/`, embedded at build time, in the order in which they are applied.
///
/// They name no schema: whoever applies them has created that of the log and set the search path to it and `pg_temp`.
public enum LeftfoldSchema {
    public static let migrations: [(number: Int, name: String, sql: [UInt8])] = [
        (1, "migrations", PackageResources.V0001_migrations_sql),
        (2, "events", PackageResources.V0002_events_sql),
        (3, "refuse_change", PackageResources.V0003_refuse_change_sql),
        (4, "append_lock", PackageResources.V0004_append_lock_sql),
        (5, "refuse_holes", PackageResources.V0005_refuse_holes_sql),
        (6, "commands_without_events", PackageResources.V0006_commands_without_events_sql),
        (7, "journal", PackageResources.V0007_journal_sql),
        (8, "claims", PackageResources.V0008_claims_sql),
        (9, "tags", PackageResources.V0009_tags_sql),
        (10, "followers", PackageResources.V0010_followers_sql),
        (11, "advance", PackageResources.V0011_advance_sql),
        (12, "matching", PackageResources.V0012_matching_sql),
        (13, "check_arguments", PackageResources.V0013_check_arguments_sql),
        (14, "insert_events", PackageResources.V0014_insert_events_sql),
        (15, "move_claims", PackageResources.V0015_move_claims_sql),
        (16, "append_in_turn", PackageResources.V0016_append_in_turn_sql),
        (17, "append", PackageResources.V0017_append_sql),
        (18, "append_one", PackageResources.V0018_append_one_sql),
        (19, "record", PackageResources.V0019_record_sql),
        (20, "write", PackageResources.V0020_write_sql),
        (21, "reading", PackageResources.V0021_reading_sql),
        (22, "looking", PackageResources.V0022_looking_sql),
        (23, "guards", PackageResources.V0023_guards_sql),
        (24, "generations", PackageResources.V0024_generations_sql),
        (25, "projections", PackageResources.V0025_projections_sql),
        (26, "epochs", PackageResources.V0026_epochs_sql),
        (27, "operations", PackageResources.V0027_operations_sql),
        (28, "roles", PackageResources.V0028_roles_sql),
        (29, "switching", PackageResources.V0029_switching_sql),
        (30, "workers", PackageResources.V0030_workers_sql),
        (31, "scratches", PackageResources.V0031_scratches_sql),
    ]
}
