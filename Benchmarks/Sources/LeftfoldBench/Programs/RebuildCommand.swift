import ArgumentParser
import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldUsersReadModel

/// One rebuild, or one pass over the log, in its own process, so that its memory can be told apart.
struct RebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rebuild", shouldDisplay: false)

    enum Work: String, ExpressibleByArgument {
        case rebuild, fold, wide, paging
    }

    struct Result: Codable {
        let seconds: Double
        let peakMegabytes: Double
    }

    @Argument var work: Work

    func run() async throws {
        let database = LeftfoldDatabase(try ConnectionConfiguration(""), logger: Console.logger)
        // Connecting is not what we measure.
        let head = try await database.store.head()
        let start = ContinuousClock.now
        switch work {
        case .rebuild: _ = try await Rebuild(UserDirectory(), in: database).run()
        case .fold: _ = try await Rebuild(FoldedDirectory(), in: database).run()
        case .wide: _ = try await Rebuild(WideDirectory(), in: database).run()
        case .paging: try await page(database.store, to: head)
        }
        let result = Result(seconds: (ContinuousClock.now - start).seconds, peakMegabytes: try PeakMemory.megabytes())
        await database.close()
        Console.print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
    }

    private func page(_ store: PostgresEventStore, to head: GlobalPosition) async throws {
        var position = GlobalPosition.zero
        while position < head {
            guard let last = try await store.read(after: position, limit: 2000).last else { return }
            position = last.position
        }
    }
}
