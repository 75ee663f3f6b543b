public import ArgumentParser
public import Foundation
public import Leftfold

extension UUID: @retroactive ExpressibleByArgument {
    public init?(argument: String) { self.init(uuidString: argument) }
}

extension Outcome: ExpressibleByArgument {}
