#!/usr/bin/env python3
"""Forges each kind of violation in honest histories and sees that the checker finds it, and nothing in the honest ones.

  python3 scripts/fault_suite/test_checker.py [--seeds N]
"""
import copy, hashlib, random, sys, uuid

import checker
from checker import Acknowledgement, History, Loss, Read, User, check, content

TIME = "2026-12-01T00:00:{:02d}.{:06d}+00:00"


def honest(seed, commands=120):
    """A history as an honest store would leave it."""
    rng = random.Random(seed)
    ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(12)]
    states = {id: User() for id in ids}
    versions = dict.fromkeys(ids, 0)
    events, refusals, journal, acks, reads = [], [], [], [], []
    for number in range(commands):
        id = rng.choice(ids)
        command = rng.choice(["CreateUser", "UpdateUser", "UpdateUser", "DeactivateUser", "ReactivateUser"])
        address = f"p{rng.randrange(9)}@example.com"
        fields = {
            "CreateUser": {"email": address, "name": f"Name {rng.randrange(9)}"},
            "UpdateUser": rng.choice([{"name": f"Name {rng.randrange(9)}"}, {"email": address}, {"name": f"Name {rng.randrange(9)}", "email": address}]),
            "DeactivateUser": {"reason": "left"}, "ReactivateUser": {}}[command]
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        ack = Acknowledgement(key, command, id, fields, sent_at=number, answered_at=number + 0.5)
        digest, user, stream = hashlib.sha256(content(ack)).hexdigest(), states[id], f"user-{id}"
        code, changes, after = user.refuses(command), [], user.copy()
        if code is None:
            changes = {
                "CreateUser": [("UserCreated", dict(fields))],
                "UpdateUser": [("UserRenamed", {"name": fields.get("name")})] * (fields.get("name", user.name) != user.name)
                + [("UserEmailChanged", {"email": fields.get("email")})] * (fields.get("email", user.email) != user.email),
                "DeactivateUser": [("UserDeactivated", dict(fields))], "ReactivateUser": [("UserReactivated", {})]}[command]
            for type, data in changes:
                assert after.apply(type, data) is None
            if after.status == "active" and any(s.status == "active" and s.email == after.email for i, s in states.items() if i != id):
                code, changes = "email_taken", []
        if changes:
            states[id] = after
            for nth, (type, data) in enumerate(changes):
                versions[id] += 1
                events.append({
                    "position": len(events) + 1, "version": versions[id], "recorded_at": TIME.format(number % 60, number), "command_id": key,
                    "event_count": None if nth else len(changes), "stream": stream, "type": type, "principal": "load", "data": data,
                    "name": None if nth else command, "digest": None if nth else digest})
            ack.status, ack.version, ack.position = 200, versions[id], len(events)
            journal.append({
                "command_id": key, "outcome": "accepted", "code": None, "stream": stream, "version": versions[id],
                "first_position": len(events) - len(changes) + 1, "last_position": len(events)})
        else:
            outcome = "rejected" if code else "accepted"
            refusals.append({
                "position": len(events), "command_id": key, "name": command, "outcome": outcome, "code": code, "streams": [stream],
                "versions": None if code else [versions[id]], "digest": digest})
            journal.append({
                "command_id": key, "outcome": outcome, "code": code, "stream": stream, "version": None if code else versions[id],
                "first_position": None, "last_position": None if code else len(events)})
            if code:
                ack.status, ack.code = 409, code
            else:
                ack.status, ack.version, ack.position = 200, versions[id], len(events)
        if rng.random() < 0.2:
            ack.repeats.append((ack.status, ack.code, ack.version, ack.position))
        acks.append(ack)
        if versions[id]:
            seen = states[id]
            reads.append(Read("s", id, versions[id], 200, {
                "version": versions[id], "status": seen.status, "email": seen.email, "name": seen.name}, at=number + 0.7))
    directory, changes = checker.expected_tables(events, len(events), len(events))
    return History(
        events, refusals, journal,
        [{"kind": "email", "value": u.email, "stream": f"user-{i}"} for i, u in states.items() if u.status == "active"],
        [{"name": "user_directory.1", "position": len(events)}, {"name": "user_history.1", "position": len(events)}],
        [{"projection": p, "number": 1, "state": "live", "follower": f"{p}.1"} for p in ("user_directory", "user_history")],
        {"user_directory": list(directory.values()), "user_history": list(changes.values())}, acks, reads)


# Each forges one violation and is named after what must be found. Most touch one thing; a clever liar who keeps the rest in tune is the last part.
FORGERIES = []


def forgery(*kinds):
    def keep(function):
        FORGERIES.append((kinds, function))
        return function
    return keep


def accepted(h, rng, at_least=1):
    """An acknowledgement of events, not of the first ones."""
    own = checker.commands_of(h.events)
    return rng.choice([a for a in h.acknowledgements if a.key in own and own[a.key][0]["position"] >= at_least])


def refused(h, rng, code=None):
    return rng.choice([a for a in h.acknowledgements if a.status == 409 and (code is None or a.code == code)])


def drop(h, key):
    h.events = [e for e in h.events if e["command_id"] != key]
    h.refusals = [r for r in h.refusals if r["command_id"] != key]
    h.journal = [r for r in h.journal if r["command_id"] != key]


@forgery("acknowledged and lost", "hole in positions")
def lost_event(h, rng):
    drop(h, accepted(h, rng).key)


@forgery("acknowledged and lost")
def lost_tail(h, rng):
    """As after a failover that lost the end: the log is whole, and shorter; everything else agrees with it."""
    last = h.events[-1]["command_id"]
    drop(h, last)
    cut = len(h.events)
    h.refusals = [r for r in h.refusals if r["position"] <= cut]
    keys = {r["command_id"] for r in h.refusals} | {e["command_id"] for e in h.events}
    h.journal = [r for r in h.journal if r["command_id"] in keys]
    for follower in h.followers:
        follower["position"] = cut


@forgery("position twice")
def doubled_event(h, rng):
    h.events.append(copy.deepcopy(rng.choice(h.events)))


@forgery("applied twice", "command not whole")
def applied_twice(h, rng):
    """One command has its effect twice, densely appended."""
    event = copy.deepcopy(next(e for e in h.events if e["type"] == "UserRenamed" and e["event_count"] == 1))
    event.update(position=len(h.events) + 1, digest=None, event_count=None, name=None,
                 version=max(e["version"] for e in h.events if e["stream"] == event["stream"]) + 1)
    h.events.append(event)


@forgery("hole in positions")
def hole(h, rng):
    at = rng.randrange(2, len(h.events) - 1)
    for event in h.events[at:]:
        event["position"] += 1


@forgery("hole in positions")
def begins_late(h, rng):
    for event in h.events:
        event["position"] += 1


@forgery("versions not dense")
def swapped_versions(h, rng):
    stream = next(s for s in (e["stream"] for e in h.events) if sum(e["stream"] == s for e in h.events) > 2)
    first, second = [e for e in h.events if e["stream"] == stream][:2]
    first["version"], second["version"] = second["version"], first["version"]


@forgery("versions not dense")
def missing_version(h, rng):
    event = rng.choice([e for e in h.events if e["version"] > 1])
    event["version"] += 1


@forgery("impossible event")
def renamed_after_leaving(h, rng):
    """What a store does that decides on a history that is gone."""
    user = next(i for i in (e["stream"] for e in h.events) if any(e["stream"] == i and e["type"] == "UserDeactivated" for e in h.events))
    event = next(e for e in h.events if e["stream"] == user and e["type"] == "UserDeactivated")
    event.update(type="UserReactivated", data={})


@forgery("address twice")
def two_with_one_address(h, rng):
    one, other = [e for e in h.events if e["type"] == "UserCreated"][:2]
    for event in h.events:
        if event["stream"] == other["stream"] and event["type"] in ("UserCreated", "UserEmailChanged"):
            event["data"]["email"] = one["data"]["email"]
    h.events[:] = [e for e in h.events if e is one or e is other] # nobody left or changed in between


@forgery("another effect")
def another_name(h, rng):
    rng.choice([e for e in h.events if "name" in e["data"]])["data"]["name"] = "Somebody else"


@forgery("digest")
def another_digest(h, rng):
    event = rng.choice([e for e in h.events if e["digest"]])
    event["digest"] = hashlib.sha256(b"something else").hexdigest()


@forgery("journal entries")
def no_journal_entry(h, rng):
    event = rng.choice([e for e in h.events if e["digest"]])
    event.update(digest=None, name=None, event_count=None)


@forgery("command not whole")
def half_a_command(h, rng):
    two = [e for e in h.events if e["event_count"] == 2]
    two[0]["event_count"] = 3


@forgery("command not whole")
def command_torn_apart(h, rng):
    key = next(e["command_id"] for e in h.events if e["event_count"] == 1 and e["position"] < len(h.events) - 2)
    h.events[-1]["command_id"], h.events[-1]["digest"] = key, None


@forgery("journal view")
def not_in_the_view(h, rng):
    h.journal.remove(rng.choice(h.journal))


@forgery("journal view")
def twice_in_the_view(h, rng):
    h.journal.append(copy.deepcopy(rng.choice(h.journal)))


@forgery("journal view")
def view_tells_another_position(h, rng):
    rng.choice([r for r in h.journal if r["first_position"]])["last_position"] += 1


@forgery("journal entries")
def refused_twice(h, rng):
    h.refusals.append(copy.deepcopy(rng.choice(h.refusals)))


@forgery("refused with events")
def refusal_with_events(h, rng):
    ack = accepted(h, rng)
    h.refusals.append({
        "position": 1, "command_id": ack.key, "name": ack.command, "outcome": "rejected", "code": "user_not_found", "streams": [f"user-{ack.user}"],
        "versions": None, "digest": None})


@forgery("outcome")
def refused_without_a_code(h, rng):
    rng.choice([r for r in h.refusals if r["outcome"] == "rejected"])["code"] = None


@forgery("journal beyond the log")
def refused_beyond_the_log(h, rng):
    h.refusals[-1]["position"] = len(h.events) + 1


@forgery("refused and accepted")
def told_no_and_done(h, rng):
    ack = accepted(h, rng)
    ack.status, ack.code, ack.version, ack.position = 409, "user_deactivated", None, None


@forgery("acknowledged and refused")
def told_yes_and_refused(h, rng):
    ack = refused(h, rng)
    ack.status, ack.code, ack.version, ack.position = 200, None, 3, 4


@forgery("refused without a row")
def refusal_not_recorded(h, rng):
    drop(h, refused(h, rng).key)


@forgery("wrong refusal")
def another_code(h, rng):
    ack = refused(h, rng, "user_not_found")
    ack.code = "user_deactivated"


@forgery("wrong refusal")
def refused_for_what_never_was(h, rng):
    """Told and recorded alike, and still a lie: the log never had this user in that state."""
    absent = next(r for r in h.refusals if r["code"] == "user_not_found")
    absent["code"] = "user_deactivated"
    next(a for a in h.acknowledgements if a.key == absent["command_id"]).code = "user_deactivated"


@forgery("wrong refusal")
def address_never_taken(h, rng):
    row = next(r for r in h.refusals if r["code"] == "email_taken" and r["name"] == "CreateUser")
    ack = next(a for a in h.acknowledgements if a.key == row["command_id"])
    ack.fields = {**ack.fields, "email": "nobody@example.com"}
    row["digest"] = hashlib.sha256(content(ack)).hexdigest()


@forgery("wrong receipt")
def another_position(h, rng):
    accepted(h, rng).position += 1


@forgery("wrong receipt")
def another_version(h, rng):
    accepted(h, rng).version += 1


@forgery("two answers")
def answered_otherwise_later(h, rng):
    ack = accepted(h, rng)
    ack.repeats.append((409, "user_already_exists", None, None))


@forgery("internal error")
def internal_error(h, rng):
    ack = refused(h, rng)
    drop(h, ack.key)
    ack.status, ack.code = 500, "internal_error"


@forgery("claims")
def claim_lost(h, rng):
    h.claims.pop()


@forgery("claims")
def claim_left(h, rng):
    h.claims.append({"kind": "email", "value": "gone@example.com", "stream": h.events[0]["stream"]})


@forgery("claims")
def claim_of_another(h, rng):
    h.claims[0]["stream"] = "user-00000000-0000-4000-8000-000000000000"


@forgery("checkpoint beyond the head")
def checkpoint_beyond(h, rng):
    h.followers[0]["position"] = len(h.events) + 193


@forgery("generations")
def two_live(h, rng):
    h.generations.append({"projection": "user_directory", "number": 2, "state": "live", "follower": "user_directory.1"})


@forgery("generations")
def generation_without_follower(h, rng):
    h.generations[0]["follower"] = "user_directory.7"


@forgery("missing row")
def missing_row(h, rng):
    h.tables["user_directory"].pop(rng.randrange(len(h.tables["user_directory"])))


@forgery("missing row")
def missing_change(h, rng):
    h.tables["user_history"].pop(rng.randrange(len(h.tables["user_history"])))


@forgery("extra row")
def extra_row(h, rng):
    h.tables["user_directory"].append({**h.tables["user_directory"][0], "id": str(uuid.UUID(int=1))})


@forgery("row twice")
def row_twice(h, rng):
    h.tables["user_history"].append(copy.deepcopy(h.tables["user_history"][0]))


@forgery("wrong row")
def wrong_status(h, rng):
    row = rng.choice(h.tables["user_directory"])
    row["status"] = "deactivated" if row["status"] == "active" else "active"


@forgery("wrong row")
def wrong_folded(h, rng):
    rng.choice(h.tables["user_directory"])["name_folded"] = "x"


@forgery("wrong row")
def change_of_another_time(h, rng):
    rng.choice(h.tables["user_history"])["recorded_at"] = TIME.format(59, 999999)


@forgery("extra row")
def checkpoint_behind_its_rows(h, rng):
    """Events that were applied without moving the checkpoint: they would be applied again."""
    h.followers[1]["position"] -= 1


@forgery("missing row")
def skipped_event(h, rng):
    """A checkpoint that went past an event."""
    event = rng.choice([e for e in h.events if e["version"] > 1])
    id = event["stream"].split("-", 1)[1]
    h.tables["user_history"] = [r for r in h.tables["user_history"] if (r["user_id"], r["version"]) != (id, event["version"])]


@forgery("older than demanded")
def stale_read(h, rng):
    rng.choice(h.reads).at_least += 50


@forgery("older than demanded")
def blind_read(h, rng):
    read = rng.choice(h.reads)
    read.status, read.row = 404, None


@forgery("what never was")
def read_of_another_history(h, rng):
    rng.choice(h.reads).row["name"] = "Somebody else"


def main():
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else 25
    failed = 0
    for seed in range(seeds):
        found = check(honest(seed))
        if found:
            failed += 1
            print(f"FAILED seed {seed}: an honest history is accused: {'; '.join(map(str, found[:3]))}")
    for kinds, forge in FORGERIES:
        forged = 0
        for seed in range(seeds):
            history = copy.deepcopy(honest(seed))
            try:
                forge(history, random.Random(seed))
            except (StopIteration, IndexError):
                continue   # this history has nothing of the kind
            forged += 1
            found = {violation.kind for violation in check(history)}
            if not set(kinds) <= found:
                failed += 1
                print(f"FAILED {forge.__name__}, seed {seed}: {kinds} was not found, but {sorted(found)}")
                break
        if not forged:
            failed += 1
            print(f"FAILED {forge.__name__}: no history to forge")
    # What a store loses that had promised nothing is excused; what it answered after that moment is not.
    for seed in range(seeds):
        history = copy.deepcopy(honest(seed))
        lost_tail(history, random.Random(seed))
        lost = [a for a in history.acknowledgements if a.key not in {r["command_id"] for r in history.journal}]
        kept = len(history.events)
        early, late = Loss(1e9, kept), Loss(min(a.answered_at for a in lost) - 1, kept)
        kinds = [{v.kind for v in check(history, [loss])} for loss in (early, late)]
        if "acknowledged and lost" in kinds[0] or "refused without a row" in kinds[0] or "acknowledged and lost" not in kinds[1]:
            failed += 1
            print(f"FAILED excuse, seed {seed}: {kinds}")
    print(f"{len(FORGERIES)} forgeries and honest histories from {seeds} seeds: " + (f"{failed} FAILED" if failed else "each was told from the other"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
