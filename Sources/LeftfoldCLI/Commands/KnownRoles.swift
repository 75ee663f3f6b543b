import ArgumentParser
import Leftfold
import LeftfoldService

extension CommandLineProgram {
    /// Refuses a role that the service's policy does not list: a credential with a misspelt one would be let in nowhere. Needs no
    /// database.
    static func requireKnown(_ roles: [String], _ settings: Settings) async throws {
        var settings = settings
        // It is not connected to.
        settings.databaseURL = settings.databaseURL ?? ""
        guard let known = try await withAssembly(settings, { $0.composition.policy.roles }) else { return }
        if let unknown = roles.first(where: { !known.contains($0) }) {
            throw Failure(
                "usage", "there is no role “\(unknown)”; there are \(known.sorted().joined(separator: ", "))", .validationFailure)
        }
    }
}
