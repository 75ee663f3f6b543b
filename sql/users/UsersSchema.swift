/// The files of `tables/`, embedded at build time.
public enum UsersSchema {
    public static let userDirectory = String(decoding: PackageResources.user_directory_sql, as: UTF8.self)
    public static let userHistory = String(decoding: PackageResources.user_history_sql, as: UTF8.self)
}
