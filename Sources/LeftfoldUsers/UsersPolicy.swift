public import Leftfold

/// Who may do what with users: an admin everything in the service, an editor everything with users, a viewer only look.
public enum UsersPolicy {
    public static let roles = RolePolicy(
        [
            "editor": ["users:create", "users:update", "users:deactivate", "users:reactivate", "users:read"],
            "viewer": ["users:read"],
        ],
        unrestricted: ["admin"])
}
