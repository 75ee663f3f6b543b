import Foundation

enum PeakMemory {
    #if os(Linux)
        /// Of this process. Not from getrusage: there a process begins with the peak of the one that started it.
        static func megabytes() throws -> Double {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
            else { throw Unexpected(description: "the system does not tell the peak memory") }
            return kilobytes / 1024
        }
    #else
        /// Of this process.
        static func megabytes() throws -> Double {
            var usage = rusage()
            guard getrusage(RUSAGE_SELF, &usage) == 0 else { throw Unexpected(description: "the system does not tell the peak memory") }
            return Double(usage.ru_maxrss) / 1_048_576
        }
    #endif
}
