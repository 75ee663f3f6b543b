import Foundation

/// The terminal behind a file.
enum Terminal {
    /// Nil where it is no terminal.
    static func columns(of descriptor: Int32) -> Int? {
        guard isatty(descriptor) == 1 else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// What tables on standard output fit into: the terminal, else `COLUMNS` if somebody set it. Files and pipes get everything.
    static var tableColumns: Int? {
        if let columns = columns(of: 1) { return columns }
        return ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
    }
}
