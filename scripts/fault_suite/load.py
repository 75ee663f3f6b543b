"""Clients that write, read and send again, and keep what they were told."""
import random, re, threading, time, uuid

from checker import Acknowledgement, Read
from machine import ask

ROUTES = {
    "CreateUser": ("POST", "/users"), "UpdateUser": ("PATCH", "/users/{}"), "DeactivateUser": ("POST", "/users/{}/deactivate"),
    "ReactivateUser": ("POST", "/users/{}/reactivate")}

# Anything else is an answer. These say: nothing is known or done, come back with the same key.
RETRY = {0, 408, 429, 502, 503, 504}

# What is said of a session of another history of the log: nothing was done; begin a new one.
FORGET = re.compile("session|position|history|epoch")


class Load:
    """`workers` threads, each with users of its own and a few that all share; the same seed asks for the same things."""

    def __init__(self, ports, token, seed, workers=4, pause=0.02, resolve=90, label="load"):
        self.ports, self.token, self.pause, self.resolve, self.label = list(ports), token, pause, resolve, label
        self.acknowledgements, self.reads, self.lock = [], [], threading.Lock()
        self.stopping, self.errors = threading.Event(), []
        rng = random.Random(f"{label} {seed}")
        self.shared = [uuid_of(rng) for _ in range(3)]
        self.threads = [threading.Thread(target=self.work, args=(number, random.Random(f"{label} {seed} {number}")), daemon=True) for number in range(workers)]

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        """Waits until each has the answer to its last command, as long as `resolve`."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(self.resolve + 30)
        if self.errors:
            raise RuntimeError(f"the load failed: {self.errors[0]!r}")
        return self

    def definite(self):
        with self.lock:
            return sum(1 for a in self.acknowledgements if a.status is not None)

    def work(self, number, rng):
        try:
            self.loop(number, rng)
        except Exception as error:   # told by stop
            self.errors.append(error)

    def loop(self, number, rng):
        own = [uuid_of(rng) for _ in range(5)]
        told = {}
        session = {"name": f"{self.label} {number}", "token": "new"}
        serial = 0
        while not self.stopping.is_set():
            user = rng.choice(self.shared) if rng.random() < 0.2 else rng.choice(own)
            command = rng.choice(["CreateUser", "UpdateUser", "UpdateUser", "UpdateUser", "DeactivateUser", "ReactivateUser"])
            if user not in told and user in own:
                command = "CreateUser"
            serial += 1
            # Mostly an address of one's own, sometimes one that others want, too.
            address = f"s{rng.randrange(6)}@example.com" if rng.random() < 0.15 else f"{self.label}.{number}.{serial}@example.com"
            fields = {
                "CreateUser": {"email": address, "name": f"Name {number} {serial}"},
                "UpdateUser": rng.choice([{"name": f"Name {number} {serial}"}, {"email": address}, {"name": f"N {serial}", "email": address}]),
                "DeactivateUser": {"reason": f"r{serial}"}, "ReactivateUser": {}}[command]
            ack = Acknowledgement(str(uuid_of(rng)), command, user, fields)
            with self.lock:
                self.acknowledgements.append(ack)
            self.send(ack, rng, session, told)
            if ack.version is not None:
                told[user] = max(told.get(user, 0), ack.version)
            if rng.random() < 0.1 and ack.status is not None and ack.status < 500:
                self.repeat(ack, rng)
            if rng.random() < 0.5:
                self.read(session, user, told, rng)
            if rng.random() < 0.05:   # one of before, once more
                with self.lock:
                    earlier = rng.choice(self.acknowledgements)
                if earlier.status is not None and earlier.status < 500:
                    self.repeat(earlier, rng)
            time.sleep(self.pause)

    def request(self, ack, rng, token="new"):
        method, path = ROUTES[ack.command]
        body = {**ack.fields, "id": ack.user} if ack.command == "CreateUser" else ack.fields
        return ask(rng.choice(self.ports), method, path.format(ack.user), self.token, body, {"Idempotency-Key": ack.key, "Leftfold-Session": token})

    def send(self, ack, rng, session, told):
        ack.sent_at = time.monotonic()
        end = None
        while True:
            status, headers, body = self.request(ack, rng, session["token"])
            code = (body or {}).get("code")
            if 400 <= status < 500 and session["token"] != "new" and FORGET.search(code or ""):
                session["token"] = "new"
                told.clear()
            elif status not in RETRY:
                break
            if self.stopping.is_set():
                end = end or time.monotonic() + self.resolve
                if time.monotonic() > end:
                    return
            ack.attempts += 1
            time.sleep(0.05 + rng.random() * 0.2)
        ack.answered_at = time.monotonic()
        body = body or {}
        ack.code, ack.version, ack.position = code, body.get("version"), body.get("position")
        session["token"] = headers.get("leftfold-session", session["token"])
        ack.status = status   # last: who sees it sees all

    def repeat(self, ack, rng):
        status, _, body = self.request(ack, rng)
        if status not in RETRY:
            body = body or {}
            ack.repeats.append((status, body.get("code"), body.get("version"), body.get("position")))

    def read(self, session, user, told, rng):
        at_least = told.get(user, 0)
        status, headers, body = ask(rng.choice(self.ports), "GET", f"/users/{user}", self.token, headers={"Leftfold-Session": session["token"]})
        if status in RETRY:
            return
        if status not in (200, 404):
            session["token"] = "new"
            told.clear()
            return
        session["token"] = headers.get("leftfold-session", session["token"])
        row = {name: body[name] for name in ("version", "status", "email", "name")} if status == 200 else None
        with self.lock:
            self.reads.append(Read(session["name"], user, at_least, status, row, time.monotonic()))
        if row:
            told[user] = max(at_least, row["version"])


def uuid_of(rng):
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
