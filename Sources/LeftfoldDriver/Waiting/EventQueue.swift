#if os(Linux)
    import CLibPQ
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a descriptor can do without blocking.
struct Readiness: OptionSet, Sendable {
    let rawValue: UInt8
    static let read = Readiness(rawValue: 1)
    static let write = Readiness(rawValue: 2)
}

/// What the kernel reported about one registration.
struct ReadyEvent {
    let token: UInt64
    let readiness: Readiness
}

#if os(Linux)
    /// epoll with one-shot registrations. Its methods may be called from any thread.
    struct EventQueue: Sendable {
        private let epoll: Int32
        private let alarm: Int32
        private static let alarmToken: UInt64 = 0

        init?() {
            epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            alarm = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
            guard epoll >= 0, alarm >= 0 else { return nil }
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: EventQueue.alarmToken))
            guard epoll_ctl(epoll, EPOLL_CTL_ADD, alarm, &event) == 0 else { return nil }
        }

        /// Reports the descriptor once when it is ready. A registration made before for the same descriptor is replaced.
        func arm(_ descriptor: Int32, _ interest: Readiness, token: UInt64) -> Bool {
            var mask = EPOLLONESHOT.rawValue
            if interest.contains(.read) { mask |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
            if interest.contains(.write) { mask |= EPOLLOUT.rawValue }
            var event = epoll_event(events: mask, data: epoll_data_t(u64: token))
            if epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) == 0 { return true }
            return errno == ENOENT && epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0
        }

        /// Makes `wait` return.
        func wake() { eventfd_write(alarm, 1) }

        /// Waits for events; without a limit for ever.
        func wait(atMost limit: Duration?) -> [ReadyEvent] {
            withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
                let count = epoll_wait(epoll, events.baseAddress, 64, limit.map(\.wholeMilliseconds) ?? -1)
                guard count > 0 else { return [] }
                return events.prefix(Int(count)).compactMap { event in
                    if event.data.u64 == EventQueue.alarmToken {
                        var ignored: eventfd_t = 0
                        eventfd_read(alarm, &ignored)
                        return nil
                    }
                    let broken = event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
                    var readiness: Readiness = broken ? [.read, .write] : []
                    if event.events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 { readiness.insert(.read) }
                    if event.events & EPOLLOUT.rawValue != 0 { readiness.insert(.write) }
                    return ReadyEvent(token: event.data.u64, readiness: readiness)
                }
            }
        }
    }
#else
    /// kqueue with one-shot registrations. Its methods may be called from any thread.
    struct EventQueue: Sendable {
        private let queue: Int32

        init?() {
            queue = kqueue()
            guard queue >= 0 else { return nil }
            _ = fcntl(queue, F_SETFD, FD_CLOEXEC)
            var alarm = kevent(ident: 0, filter: Int16(EVFILT_USER), flags: UInt16(EV_ADD | EV_CLEAR), fflags: 0, data: 0, udata: nil)
            guard kevent(queue, &alarm, 1, nil, 0, nil) == 0 else { return nil }
        }

        /// Reports the descriptor once when it is ready. A filter left over from before reports an old token, which nobody waits for.
        func arm(_ descriptor: Int32, _ interest: Readiness, token: UInt64) -> Bool {
            let mark = UnsafeMutableRawPointer(bitPattern: UInt(token))
            for (readiness, filter) in [(Readiness.read, EVFILT_READ), (.write, EVFILT_WRITE)] where interest.contains(readiness) {
                var change = kevent(
                    ident: UInt(descriptor), filter: Int16(filter), flags: UInt16(EV_ADD | EV_ONESHOT), fflags: 0, data: 0, udata: mark)
                guard kevent(queue, &change, 1, nil, 0, nil) == 0 else { return false }
            }
            return true
        }

        /// Makes `wait` return.
        func wake() {
            var alarm = kevent(ident: 0, filter: Int16(EVFILT_USER), flags: 0, fflags: UInt32(NOTE_TRIGGER), data: 0, udata: nil)
            kevent(queue, &alarm, 1, nil, 0, nil)
        }

        /// Waits for events; without a limit for ever.
        func wait(atMost limit: Duration?) -> [ReadyEvent] {
            withUnsafeTemporaryAllocation(of: kevent.self, capacity: 64) { events in
                let milliseconds = Int(limit?.wholeMilliseconds ?? 0)
                var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
                let count = withUnsafePointer(to: &time) {
                    kevent(queue, nil, 0, events.baseAddress, 64, limit == nil ? nil : $0)
                }
                guard count > 0 else { return [] }
                return events.prefix(Int(count)).compactMap { event in
                    guard let mark = event.udata else { return nil }
                    let broken = Int32(event.flags) & (EV_EOF | EV_ERROR) != 0
                    let readiness: Readiness = broken ? [.read, .write] : Int32(event.filter) == EVFILT_READ ? .read : .write
                    return ReadyEvent(token: UInt64(UInt(bitPattern: mark)), readiness: readiness)
                }
            }
        }
    }
#endif

extension Duration {
    /// Rounded up, so that nobody looks too early; at most some days, and 0 for the past.
    fileprivate var wholeMilliseconds: Int32 { Int32(min(max(self / .milliseconds(1), 0), 1e9).rounded(.up)) }
}

extension Readiness {
    /// Blocks the thread until the descriptor is ready, at most for some microseconds. Empty if it was not.
    static func poll(_ descriptor: Int32, _ interest: Readiness, microseconds: Int) -> Readiness {
        var request = pollfd(fd: descriptor, events: 0, revents: 0)
        if interest.contains(.read) { request.events |= Int16(POLLIN) }
        if interest.contains(.write) { request.events |= Int16(POLLOUT) }
        #if os(Linux)
            var limit = timespec(tv_sec: microseconds / 1_000_000, tv_nsec: microseconds % 1_000_000 * 1000)
            let count = ppoll(&request, 1, &limit, nil)
        #else
            let count = Darwin.poll(&request, 1, Int32(microseconds / 1000))
        #endif
        guard count > 0 else { return [] }
        let broken = Int32(request.revents) & Int32(POLLHUP | POLLERR | POLLNVAL) != 0
        var readiness: Readiness = broken ? interest : []
        if Int32(request.revents) & Int32(POLLIN) != 0 { readiness.insert(.read) }
        if Int32(request.revents) & Int32(POLLOUT) != 0 { readiness.insert(.write) }
        return readiness
    }
}
