/// Names as Prometheus wants them: ASCII letters, digits, underscores and colons.
enum MetricName {
    static func of(_ label: String, suffix: String = "") -> String {
        var name = String(String.UnicodeScalarView(label.unicodeScalars.map { isAllowed($0) ? $0 : "_" }))
        if name.isEmpty || name.utf8.first.map({ (0x30...0x39).contains($0) }) == true { name = "_" + name }
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
        default: false
        }
    }
}

/// Labels in their text form, `name="value",…`, sorted and escaped.
struct Labels: Hashable, Sendable {
    let text: String

    init(_ dimensions: [(String, String)]) {
        text = dimensions.sorted { $0.0 < $1.0 }.map { name, value in
            "\(MetricName.of(name).replacing(":", with: "_"))=\"\(Self.escaped(value))\""
        }.joined(separator: ",")
    }

    /// `{…}` with perhaps one more label, or nothing.
    func block(and more: String? = nil) -> String {
        switch (text.isEmpty, more) {
        case (true, nil): ""
        case (true, .some(let more)): "{\(more)}"
        case (false, nil): "{\(text)}"
        case (false, .some(let more)): "{\(text),\(more)}"
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// Numbers as Prometheus reads them.
enum MetricNumber {
    static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: number) { return String(whole) }
        return String(number)
    }
}

/// What one combination of labels has measured.
protocol Series: AnyObject, Sendable {
    func write(to text: inout String, _ name: String, _ labels: Labels)
}
