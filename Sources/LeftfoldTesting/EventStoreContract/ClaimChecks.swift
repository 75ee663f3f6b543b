import Leftfold

extension EventStoreContract {
    static let claims: [Check] = [
        Check("claims are held by the stream that took them") { store in
            let (a, b, free) = (newClaim(), newClaim(), newClaim())
            let (one, two) = (newStream(), newStream())
            try expect(try await store.holders(of: [a, b]), [:])
            try await store.take([a], for: one)
            try await store.take([b], for: two)
            try expect(try await store.holders(of: [a, free, b]), [a: one, b: two])
            try expect(try await store.holders(of: []), [:])
        },

        Check("a claim that another stream holds refuses the append, which leaves nothing") { store in
            let (taken, free) = (newClaim(), newClaim())
            let (holder, other) = (newStream(), newStream())
            try await store.take([taken], for: holder)
            for order in [[free, taken], [taken, free]] {
                let append = Append.events(
                    noted(1...1), to: other, claims: ClaimChanges(released: [], taken: order))
                try await store.unchanged(other, without: [append.commandID]) {
                    try expect(try await store.append(append), .claimTaken(taken))
                }
                try expect(try await store.holders(of: [taken, free]), [taken: holder])
            }
        },

        Check("a command that met a taken claim may be sent again when it is free") { store in
            let claim = newClaim()
            let (holder, other) = (newStream(), newStream())
            try await store.take([claim], for: holder)
            let append = Append.events(noted(1...1), to: other, claims: .taking(claim))
            try expect(try await store.append(append), .claimTaken(claim))
            try await store.accept(.events([], to: holder, claims: .releasing(claim)))
            try await store.accept(append)
            try expect(try await store.holders(of: [claim]), [claim: other])
        },

        Check("a released claim is free for all") { store in
            let claim = newClaim()
            let (one, two) = (newStream(), newStream())
            try await store.take([claim], for: one)
            try await store.accept(.events(noted(2...2), to: one, claims: .releasing(claim)))
            try expect(try await store.holders(of: [claim]), [:])
            try await store.take([claim], for: two)
            try expect(try await store.holders(of: [claim]), [claim: two])
        },

        Check("one append releases a claim and takes another") { store in
            let (old, new) = (newClaim(), newClaim())
            let stream = newStream()
            try await store.take([old], for: stream)
            try await store.accept(.events(noted(2...2), to: stream, claims: .taking(new, releasing: [old])))
            try expect(try await store.holders(of: [old, new]), [new: stream])
        },

        Check("a refused append releases nothing") { store in
            let (mine, theirs) = (newClaim(), newClaim())
            let (one, two) = (newStream(), newStream())
            try await store.take([mine], for: one)
            try await store.take([theirs], for: two)
            let swap = ClaimChanges.taking(theirs, releasing: [mine])
            try expect(try await store.append(.events(noted(2...2), to: one, claims: swap)), .claimTaken(theirs))
            try expect(
                try await store.append(.events(noted(2...2), to: one, expected: .noStream, claims: swap)),
                .wrongExpectedVersion(one, actual: 1))
            try expect(try await store.holders(of: [mine, theirs]), [mine: one, theirs: two])
        },

        Check("a stream may take again what it holds, also what it releases in the same append") { store in
            let claim = newClaim()
            let stream = newStream()
            try await store.take([claim], for: stream)
            try await store.take([claim], for: stream)
            try await store.accept(.events(noted(3...3), to: stream, claims: .taking(claim, releasing: [claim])))
            try expect(try await store.holders(of: [claim]), [claim: stream])
        },

        Check("nobody releases the claim of another stream") { store in
            let claim = newClaim()
            let (holder, other) = (newStream(), newStream())
            try await store.take([claim], for: holder)
            try await store.accept(.events(noted(1...1), to: other, claims: .releasing(claim)))
            try expect(try await store.holders(of: [claim]), [claim: holder])
        },

        Check("claims are the same only if kind and value are, letter by letter") { store in
            let email = newClaim("email")
            let others = [
                Claim("login", email.value), Claim("email", email.value.uppercased()), Claim("email", email.value + " "),
                Claim("emai", "l" + email.value),
            ]
            let stream = newStream()
            try await store.take([email], for: stream)
            var expected = [email: stream]
            for other in others {
                let stream = newStream()
                try await store.take([other], for: stream)
                expected[other] = stream
            }
            try expect(try await store.holders(of: [email] + others), expected)
        },

        Check("a stream may hold many claims") { store in
            let claims = (1...50).map { _ in newClaim() }
            let stream = newStream()
            try await store.take(claims, for: stream)
            try expect(try await store.holders(of: claims).count, 50)
            try await store.accept(
                .events(
                    noted(2...2), to: stream, claims: ClaimChanges(released: Array(claims[..<25]), taken: [])))
            try expect(try await store.holders(of: claims).count, 25)
        },
    ]
}

extension EventStore {
    fileprivate func take(_ claims: [Claim], for stream: StreamName) async throws {
        try await accept(.events(noted(1...1), to: stream, claims: ClaimChanges(released: [], taken: claims)))
    }
}
