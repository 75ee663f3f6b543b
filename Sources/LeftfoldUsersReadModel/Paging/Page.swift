import Leftfold

/// One page of a list, cut from rows that were read in the page's direction, with one row more than fits on it.
struct Page<Element> {
    let elements: [Element]
    /// Of the page behind this one; nil where it is the last.
    let next: Cursor?
    /// Of the page before this one; nil where it is the first.
    let previous: Cursor?

    /// - Parameters:
    ///   - found: at most `size` + 1 elements.
    ///   - place: where the reading began; nil at the beginning of the list.
    ///   - skipped: whether rows before the page were skipped by an offset.
    init(_ found: [Element], size: Int, from place: ListPlace?, skipped: Bool = false, of list: [String], key: (Element) -> [String]) {
        let isBackward = place?.direction == .previous
        let hasMore = found.count > size
        let page = Array(found.prefix(size))
        elements = isBackward ? page.reversed() : page
        func cursor(_ direction: ListPlace.Direction, at element: Element?) -> Cursor? {
            element.map { ListPlace(direction, key: key($0)).cursor(of: list) }
        }
        next = isBackward || hasMore ? cursor(.next, at: elements.last) : nil
        let hasPrevious = isBackward ? hasMore : place != nil || skipped
        previous = hasPrevious ? cursor(.previous, at: elements.first) : nil
    }
}
