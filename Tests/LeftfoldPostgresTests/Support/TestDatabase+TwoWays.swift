import LeftfoldPostgres
import LeftfoldPostgresTesting

extension TestDatabase {
    /// A migrated database that is reached in two ways: directly, and through a proxy that can hurt what passes.
    static func twoWays(
        _ body: @escaping (_ direct: LeftfoldDatabase, _ behind: LeftfoldDatabase, _ proxy: CuttingProxy) async throws -> Void
    ) async throws {
        try await withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let proxy = try CuttingProxy(to: configuration)
            let direct = LeftfoldDatabase(configuration, logger: quiet)
            let behind = LeftfoldDatabase(proxy.configuration, logger: quiet)
            try await direct.running { direct in
                try await behind.running { behind in try await body(direct, behind, proxy) }
            }
        }
    }
}
