"""Says what is wrong with a log, its journal, its read tables, and with what clients were told of them.

Shares nothing with the Swift side: what the rules are is written down here a second time, so that one mistake cannot hide another. It
knows the domain of `users` (who may be renamed, which addresses are taken), ASCII text only, and the tables of one log.

  python3 scripts/fault_suite/checker.py URL [ACKNOWLEDGEMENTS.jsonl]

prints what it found; status 3 if there is anything. `test_checker.py` forges each kind of violation and sees that it is found.
"""
import dataclasses, hashlib, json, os, subprocess, sys, unicodedata

TYPES = {"UserCreated", "UserRenamed", "UserEmailChanged", "UserDeactivated", "UserReactivated"}


@dataclasses.dataclass
class Acknowledgement:
    """What a client sent with one command id, and what it was told at last."""
    key: str                       # the command id
    command: str                   # CreateUser, UpdateUser, DeactivateUser, ReactivateUser
    user: str
    fields: dict                   # what was asked for, without the id
    principal: str = "load"
    status: int | None = None      # None: never a definite answer
    code: str | None = None
    version: int | None = None
    position: int | None = None
    sent_at: float = 0.0
    answered_at: float | None = None
    attempts: int = 1
    repeats: list = dataclasses.field(default_factory=list)   # (status, code, version, position) of the same key sent again later


@dataclasses.dataclass
class Read:
    """What a client saw of one user."""
    session: str                   # reads of one session see no less than earlier ones
    user: str
    at_least: int                  # the version that this session was told of, or saw, before
    status: int
    row: dict | None = None        # the answer
    at: float = 0.0


@dataclasses.dataclass
class History:
    """All there is, read in one snapshot."""
    events: list                   # by position: dicts with the columns of leftfold.events; digest in hexadecimal
    refusals: list                 # commands_without_events
    journal: list                  # the view journal
    claims: list                   # kind, value, stream
    followers: list                # name, position
    generations: list              # projection, number, state, follower
    tables: dict                   # "user_directory": [...], "user_history": [...]
    acknowledgements: list = dataclasses.field(default_factory=list)
    reads: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Violation:
    kind: str
    text: str

    def __str__(self):
        return f"{self.kind}: {self.text}"


# What a store without the end of its log promises: (moment, last position that was kept). Answers of before that moment with later
# positions may be gone; whatever was answered after it may not.
@dataclasses.dataclass(frozen=True)
class Loss:
    at: float
    kept: int


def place(position):
    """The place in the log that a told position stands for: above it, the service may say of which history it is."""
    return None if position is None else position & ((1 << 40) - 1)


class User:
    """The state of one user, and what may be done to it."""

    def __init__(self):
        self.status, self.email, self.name = "absent", None, None

    def copy(self):
        other = User()
        other.status, other.email, other.name = self.status, self.email, self.name
        return other

    def apply(self, type, data):
        """Returns why this cannot have happened, if it cannot."""
        wrong = {
            "UserCreated": self.status != "absent",
            "UserRenamed": self.status != "active" or data.get("name") == self.name,
            "UserEmailChanged": self.status != "active" or data.get("email") == self.email,
            "UserDeactivated": self.status != "active",
            "UserReactivated": self.status != "deactivated",
        }.get(type, True)
        before = self.status
        if type == "UserCreated":
            self.status, self.email, self.name = "active", data.get("email"), data.get("name")
        elif type == "UserRenamed":
            self.name = data.get("name")
        elif type == "UserEmailChanged":
            self.email = data.get("email")
        elif type == "UserDeactivated":
            self.status = "deactivated"
        elif type == "UserReactivated":
            self.status = "active"
        return f"{type} of a user who is {before}" if wrong else None

    def refuses(self, command):
        """The code with which the domain refuses this command now, or None."""
        if command == "CreateUser":
            return None if self.status == "absent" else "user_already_exists"
        if self.status == "absent":
            return "user_not_found"
        if command == "ReactivateUser":
            return "user_already_active" if self.status == "active" else None
        return "user_deactivated" if self.status == "deactivated" else None


def folded(address):
    """What two spellings of one address have in common."""
    def fold(text):
        return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    local, _, domain = fold(address or "").rpartition("@")
    labels = [fold(label[4:].encode().decode("punycode")) if label.startswith("xn--") else label for label in domain.split(".")]
    return f"{local}@{'.'.join(labels)}"


def content(ack):
    """The bytes that a command id stands for."""
    fields = {**ack.fields, "id": ack.user}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{ack.command}\0\0{ack.principal}\0\0".encode() + text.encode()


def check(history, losses=()):
    """All violations, in no order of importance."""
    found = []

    def say(kind, text):
        found.append(Violation(kind, text))

    events = sorted(history.events, key=lambda e: e["position"])
    check_log(events, say)
    states, legal = fold(events, say)
    check_journal(history, events, say)
    check_claims(history, states, say)
    check_refusals(history, events, say)
    check_followers(history, events, say)
    check_tables(history, events, say)
    check_acknowledgements(history, events, losses, say)
    check_reads(history, events, losses, say)
    return found


def check_log(events, say):
    positions = [e["position"] for e in events]
    if len(set(positions)) != len(positions):
        say("position twice", f"{sorted(p for p in set(positions) if positions.count(p) > 1)[:5]}")
    if positions and (positions[0] != 1 or positions[-1] != len(positions)):
        missing = sorted(set(range(1, positions[-1] + 1)) - set(positions))
        say("hole in positions", f"{len(positions)} events from {positions[0]} to {positions[-1]}, missing {missing[:5]}")
    versions = {}
    for event in events:
        expected = versions.get(event["stream"], 0) + 1
        if event["version"] != expected:
            say("versions not dense", f"{event['stream']} has version {event['version']} at position {event['position']}, not {expected}")
        versions[event["stream"]] = event["version"]
        if event["type"] not in TYPES and event["stream"].startswith("user-"):
            say("unknown event", f"{event['type']} at {event['position']}")


def fold(events, say):
    states, taken = {}, {}
    for event in events:
        if not event["stream"].startswith("user-"):
            continue
        stream, data = event["stream"], event["data"]
        user = states.setdefault(stream, User())
        before = folded(user.email) if user.status == "active" and user.email else None
        wrong = user.apply(event["type"], data)
        if wrong:
            say("impossible event", f"position {event['position']}, {stream}: {wrong}")
        after = folded(user.email) if user.status == "active" and user.email else None
        if before != after:
            if before and taken.get(before) == stream:
                del taken[before]
            if after:
                if taken.get(after, stream) != stream:
                    say("address twice", f"{after} at position {event['position']} by {stream}, held by {taken[after]}")
                taken[after] = stream
    return states, taken


def commands_of(events):
    """The events of each command, in order."""
    commands = {}
    for event in events:
        commands.setdefault(event["command_id"], []).append(event)
    return commands


def check_journal(history, events, say):
    commands = commands_of(events)
    for key, own in commands.items():
        heads = [e for e in own if e["digest"] is not None]
        if len(heads) != 1:
            say("journal entries", f"command {key} has {len(heads)} entries beside its {len(own)} events")
            continue
        if own[0] is not heads[0] or heads[0]["event_count"] != len(own) or own[-1]["position"] - own[0]["position"] != len(own) - 1:
            say("command not whole", f"command {key} tells of {heads[0]['event_count']} events and has {[e['position'] for e in own]}")
        if len(heads[0]["digest"]) != 64:
            say("digest", f"that of {key} has {len(heads[0]['digest'])} digits")
    rows = {}
    for row in history.refusals:
        if row["command_id"] in rows:
            say("journal entries", f"command {row['command_id']} stands twice among those without events")
        rows[row["command_id"]] = row
        if row["command_id"] in commands:
            say("refused with events" if row["outcome"] != "accepted" else "journal entries",
                f"command {row['command_id']} is {row['outcome']} and has events at {[e['position'] for e in commands[row['command_id']]]}")
        if (row["outcome"] == "accepted") != (row["code"] is None):
            say("outcome", f"command {row['command_id']} is {row['outcome']} with code {row['code']}")
        if row["position"] > len(events):
            say("journal beyond the log", f"command {row['command_id']} at {row['position']}, the log ends at {len(events)}")
    seen = {}
    for row in history.journal:
        seen[row["command_id"]] = seen.get(row["command_id"], 0) + 1
    for key in set(commands) | set(rows):
        if seen.get(key, 0) != 1:
            say("journal view", f"command {key} has {seen.get(key, 0)} rows in it")
    for key in set(seen) - set(commands) - set(rows):
        say("journal view", f"command {key} is in it, and nowhere else")
    for row in history.journal:
        own = commands.get(row["command_id"])
        if own:
            first = [e for e in own if e["stream"] == own[0]["stream"]]
            told = (row["outcome"], row["first_position"], row["last_position"], row["version"], row["stream"])
            true = ("accepted", own[0]["position"], own[-1]["position"], first[-1]["version"], own[0]["stream"])
            if told != true:
                say("journal view", f"command {row['command_id']} is shown as {told}, and is {true}")


def check_claims(history, states, say):
    true = {("email", folded(user.email)): stream for stream, user in states.items() if user.status == "active" and user.email}
    held = {(c["kind"], c["value"]): c["stream"] for c in history.claims}
    if len(held) != len(history.claims):
        say("claims", "one value is claimed twice")
    for claim in sorted(set(true) | set(held)):
        if true.get(claim) != held.get(claim):
            say("claims", f"{claim[1]} is held by {held.get(claim)}, and belongs to {true.get(claim)}")


def check_refusals(history, events, say):
    """A refusal by the domain must have been right at some moment until it was recorded."""
    by_stream, owners = {}, {}
    for event in events:
        by_stream.setdefault(event["stream"], []).append(event)
    states = {}
    for event in events:   # who held which address from when on
        user = states.setdefault(event["stream"], User())
        before = folded(user.email) if user.status == "active" and user.email else None
        user.apply(event["type"], event["data"])
        after = folded(user.email) if user.status == "active" and user.email else None
        if before != after and after:
            owners.setdefault(after, []).append((event["position"], event["stream"]))
    asked = {a.key: a for a in history.acknowledgements}
    for row in history.refusals:
        if row["outcome"] != "rejected" or not row["streams"]:
            continue
        stream, code = row["streams"][0], row["code"]
        if code == "email_taken":
            ack = asked.get(row["command_id"])
            if ack is None:
                continue
            wanted = folded(ack.fields.get("email") or address_of(by_stream.get(stream, []), row["position"]))
            if not any(at <= row["position"] and who != stream for at, who in owners.get(wanted, [])):
                say("wrong refusal", f"command {row['command_id']} is {code} at {row['position']}, and nobody else had {wanted}")
            continue
        user, right = User(), User().refuses(row["name"]) == code
        for event in by_stream.get(stream, []):
            if event["position"] > row["position"]:
                break
            user.apply(event["type"], event["data"])
            right = right or user.refuses(row["name"]) == code
        if not right:
            say("wrong refusal", f"command {row['command_id']} ({row['name']} of {stream}) is {code} at {row['position']}, which it never was")


def address_of(events, position):
    user = User()
    for event in events:
        if event["position"] <= position:
            user.apply(event["type"], event["data"])
    return user.email


def check_followers(history, events, say):
    known = {f["name"]: f for f in history.followers}
    for follower in history.followers:
        if follower["position"] > len(events):
            say("checkpoint beyond the head", f"{follower['name']} is at {follower['position']}, the log ends at {len(events)}")
    live = {}
    for generation in history.generations:
        if generation["state"] == "live":
            live[generation["projection"]] = live.get(generation["projection"], 0) + 1
        if generation["state"] != "dropped" and generation["follower"] not in known:
            say("generations", f"{generation['projection']} {generation['number']} has no follower")
    for projection, count in live.items():
        if count != 1:
            say("generations", f"{projection} has {count} live ones")


def expected_tables(events, directory_to, history_to):
    directory, changes = {}, {}
    for event in events:
        if not event["stream"].startswith("user-"):
            continue
        id, data, position = event["stream"].split("-", 1)[1], event["data"], event["position"]
        if position <= history_to:
            changes[(id, event["version"])] = {
                "user_id": id, "version": event["version"], "position": position, "recorded_at": event["recorded_at"],
                "command_id": event["command_id"], "type": event["type"], "data": data, "principal": event["principal"]}
        if position > directory_to:
            continue
        if event["type"] == "UserCreated":
            directory[id] = {"id": id, "listed_at": position, "created_at": event["recorded_at"], "status": "active", "email": data["email"], "name": data["name"]}
        elif id not in directory:
            continue
        elif event["type"] == "UserRenamed":
            directory[id]["name"] = data["name"]
        elif event["type"] == "UserEmailChanged":
            directory[id]["email"] = data["email"]
        elif event["type"] == "UserDeactivated":
            directory[id]["status"] = "deactivated"
        elif event["type"] == "UserReactivated":
            directory[id]["status"] = "active"
        row = directory[id]
        row.update(version=event["version"], updated_at=event["recorded_at"])
    for row in directory.values():
        if row["email"].isascii() and row["name"].isascii() and "xn--" not in row["email"].lower():
            row.update(email_folded=row["email"].lower(), name_folded=row["name"].lower())
    return directory, changes


def check_tables(history, events, say):
    at = {}
    for generation in history.generations:
        if generation["state"] == "live":
            for follower in history.followers:
                if follower["name"] == generation["follower"]:
                    at[generation["projection"]] = follower["position"]
    directory, changes = expected_tables(events, at.get("user_directory", 0), at.get("user_history", 0))
    compare("user_directory", directory, {r["id"]: r for r in history.tables.get("user_directory", [])},
            len(history.tables.get("user_directory", [])), at.get("user_directory", 0), say)
    compare("user_history", changes, {(r["user_id"], r["version"]): r for r in history.tables.get("user_history", [])},
            len(history.tables.get("user_history", [])), at.get("user_history", 0), say)


def compare(table, expected, actual, count, at, say):
    if count != len(actual):
        say("row twice", f"{table} has {count} rows with {len(actual)} keys")
    for key in sorted(set(expected) - set(actual), key=str)[:5]:
        say("missing row", f"{table} at {at}: {key}")
    for key in sorted(set(actual) - set(expected), key=str)[:5]:
        say("extra row", f"{table} at {at}: {key}")
    for key in set(expected) & set(actual):
        differing = {c: (actual[key].get(c), v) for c, v in expected[key].items() if actual[key].get(c) != v}
        if differing:
            say("wrong row", f"{table} at {at}, {key}: (has, should) {differing}")


def excused(ack, losses):
    """The store lost this, and had not promised to keep it."""
    return any(ack.answered_at is not None and ack.answered_at <= loss.at and (ack.position is None or place(ack.position) > loss.kept) for loss in losses)


def check_acknowledgements(history, events, losses, say):
    commands, rows = commands_of(events), {r["command_id"]: r for r in history.refusals}
    for ack in history.acknowledgements:
        own, row = commands.get(ack.key), rows.get(ack.key)
        digest = own[0]["digest"] if own else row["digest"] if row else None
        if digest is not None and (own is None or own[0]["principal"] == ack.principal) and digest != hashlib.sha256(content(ack)).hexdigest():
            say("digest", f"that of {ack.key} does not stand for {ack.command} {ack.fields}")
        if own:
            check_effect(ack, own, say)
        for repeat in ack.repeats:
            told = [ack.status, ack.code, ack.version, place(ack.position)]
            if ack.status is not None and ack.status < 500 and [*repeat[:3], place(repeat[3])] != told and not excused(ack, losses):
                say("two answers", f"{ack.key} was answered {(ack.status, ack.code, ack.version, ack.position)}, and later {tuple(repeat)}")
        if ack.status is None:
            continue
        if ack.status >= 500:
            if ack.code == "internal_error":
                say("internal error", f"{ack.key} ({ack.command}), {'with' if row else 'without'} a row in the journal")
            continue
        if 200 <= ack.status < 300:
            if own:
                if (own[-1]["version"], own[-1]["position"]) != (ack.version, place(ack.position)):
                    if not excused(ack, losses):
                        say("wrong receipt", f"{ack.key} was told version {ack.version} at {ack.position}, and is {own[-1]['version']} at {own[-1]['position']}")
            elif row and row["outcome"] == "accepted":
                if row["versions"] and row["versions"][0] != ack.version and not excused(ack, losses):
                    say("wrong receipt", f"{ack.key} was told version {ack.version}, and is {row['versions'][0]}")
            elif row:
                if not excused(ack, losses):
                    say("acknowledged and refused", f"{ack.key} was told {ack.status}, and the journal says {row['outcome']} {row['code']}")
            elif not excused(ack, losses):
                say("acknowledged and lost", f"{ack.key} ({ack.command} of {ack.user}) was told version {ack.version} at {ack.position}")
        elif own:
            if not excused(ack, losses):
                say("refused and accepted", f"{ack.key} was told {ack.status} {ack.code}, and has events at {[e['position'] for e in own]}")
        elif not row:
            if ack.status not in (400, 401, 403, 405, 429) and ack.code != "command_id_reused" and not excused(ack, losses):
                say("refused without a row", f"{ack.key} was told {ack.status} {ack.code}")
        elif row["code"] != ack.code and not excused(ack, losses):
            say("wrong refusal", f"{ack.key} was told {ack.code}, and the journal says {row['outcome']} {row['code']}")


def check_effect(ack, own, say):
    """The events are those of this command, no more and no others."""
    allowed = {
        "CreateUser": [("UserCreated", {"email": ack.fields.get("email"), "name": ack.fields.get("name")})],
        "UpdateUser": [("UserRenamed", {"name": ack.fields.get("name")}), ("UserEmailChanged", {"email": ack.fields.get("email")})],
        "DeactivateUser": [("UserDeactivated", {k: v for k, v in ack.fields.items() if k == "reason"})],
        "ReactivateUser": [("UserReactivated", {})],
    }[ack.command]
    for event in own:
        if event["stream"] != f"user-{ack.user}" or (event["type"], event["data"]) not in allowed:
            say("another effect", f"{ack.key} ({ack.command} {ack.fields} of {ack.user}) has {event['type']} {event['data']} on {event['stream']}")
    if len({e["type"] for e in own}) != len(own):
        say("applied twice", f"{ack.key} has {[e['type'] for e in own]}")


def check_reads(history, events, losses, say):
    states, at = {}, {}
    for event in events:
        stream = event["stream"]
        if not stream.startswith("user-"):
            continue
        user = states.setdefault(stream, User())
        user.apply(event["type"], event["data"])
        at[(stream, event["version"])] = (user.copy(), event["position"])
    for read in history.reads:
        before = any(read.at <= loss.at for loss in losses)
        if read.status == 404:
            if read.at_least > 0 and not before:
                say("older than demanded", f"session {read.session} saw nobody as {read.user}, after version {read.at_least}")
            continue
        if read.status != 200:
            continue
        if read.row["version"] < read.at_least and not before:
            say("older than demanded", f"session {read.session} saw version {read.row['version']} of {read.user} after version {read.at_least}")
        true = at.get((f"user-{read.user}", read.row["version"]))
        seen = (read.row["status"], read.row["email"], read.row["name"])
        if (true is None or seen != (true[0].status, true[0].email, true[0].name)) and not before:
            say("what never was", f"session {read.session} saw {read.user} at version {read.row['version']} as {seen}")


# Reading it all, through psql.

READ = """\
\\set ON_ERROR_STOP on
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL TimeZone = 'UTC'; SET LOCAL search_path = public;
SELECT 'events', row_to_json(t) FROM (SELECT position, version, recorded_at, command_id, event_count, stream, type, principal, data, name, encode(digest, 'hex') AS digest FROM leftfold.events ORDER BY position) AS t;
SELECT 'refusals', row_to_json(t) FROM (SELECT position, command_id, name, outcome, code, streams, versions, encode(digest, 'hex') AS digest FROM leftfold.commands_without_events) AS t;
SELECT 'journal', row_to_json(t) FROM (SELECT command_id, outcome, code, stream, version, first_position, last_position FROM leftfold.journal) AS t;
SELECT 'claims', row_to_json(t) FROM (SELECT kind, value, stream FROM leftfold.claims) AS t;
SELECT 'followers', row_to_json(t) FROM (SELECT name, position FROM leftfold.followers) AS t;
SELECT 'generations', row_to_json(t) FROM (SELECT projection, number, state, follower FROM leftfold.generations) AS t;
SELECT 'user_directory', row_to_json(t) FROM (SELECT * FROM user_directory) AS t;
SELECT 'user_history', row_to_json(t) FROM (SELECT * FROM user_history) AS t;
COMMIT;
"""


def read_history(url, acknowledgements=(), reads=(), psql="psql"):
    # Read with ordinary column reads, whatever the URL says otherwise.
    done = subprocess.run([psql, "-XAtq", "-F", "\t", url], input=READ, capture_output=True, text=True, env={**os.environ, "PGOPTIONS": ""})
    if done.returncode:
        raise RuntimeError(f"the history cannot be read: {done.stderr.strip()}")
    parts = {}
    for line in done.stdout.splitlines():
        part, _, row = line.partition("\t")
        parts.setdefault(part, []).append(json.loads(row))
    return History(
        events=parts.get("events", []), refusals=parts.get("refusals", []), journal=parts.get("journal", []), claims=parts.get("claims", []),
        followers=parts.get("followers", []), generations=parts.get("generations", []),
        tables={name: parts.get(name, []) for name in ("user_directory", "user_history")},
        acknowledgements=list(acknowledgements), reads=list(reads))


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        print(__doc__)
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 64
    acknowledgements = []
    if len(sys.argv) == 3:
        with open(sys.argv[2]) as file:
            acknowledgements = [Acknowledgement(**json.loads(line)) for line in file if line.strip()]
    history = read_history(sys.argv[1], acknowledgements)
    found = check(history)
    for violation in found:
        print(violation)
    print(f"{len(history.events)} events, {len(history.journal)} commands, {len(acknowledgements)} acknowledgements: {len(found)} violations")
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
