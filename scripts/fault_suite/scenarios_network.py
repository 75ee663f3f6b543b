"""Links that are cut or fall silent, at every boundary of the protocol."""
import time

from machine import ask, until
from world import scenario

APPEND = r"\bappend(_one)?\b|\brecord\b"
BATCH = r"(INSERT INTO|UPDATE) \W?user_(directory|history)"
# Where a link can break: whose message, which, and whether the message still gets through.
BOUNDARIES = [("client", "P"), ("client", "B"), ("client", "E"), ("client", "S"), ("server", "2"), ("server", "D"), ("server", "C"), ("server", "Z")]


@scenario("cuts", "links cut before and after every message of appends, batches and queries: nothing lost, nothing twice, every answer true", quick=True)
def cuts(run):
    server, proxy, serve, project = run.plain(through_proxy=True)
    load = run.load(serve)
    run.warm(load, 20)
    places = [(statement, boundary, before) for statement in (APPEND, r"\badvance\b", BATCH, r"FROM \W?user_directory")
              for boundary in BOUNDARIES for before in (True, False)]
    run.rng.shuffle(places)
    done = 0
    end = time.monotonic() + (14 if run.quick else 90)
    for statement, (direction, message), before in places:
        if time.monotonic() > end:
            break
        # The third or so of its kind: not always in the same moment of a connection's life.
        rule = proxy.add("cut", statement, message, nth=run.rng.randrange(1, 4), before=before, direction=direction)
        rule.done.wait(1.0)
        proxy.rules.clear()
        done += rule.done.is_set()
    run.note(f"cut at {done} places of {len(places)}")
    run.require(done >= 8, f"only {done} places were met")
    run.healthy(serve, time.monotonic())
    run.finish(server)


def silent(run, statement, message, direction, before, what, times=1, unplugged=False):
    """Makes one link silent at that boundary, then asks how long it holds others up. Unplugged, the packets vanish as well, with those of all other
    links of that machine; else TCP is well at both ends, as when a balancer or a pooler in between stands still."""
    server, proxy, serve, project = run.plain(through_proxy=True, cable=run.cable() if unplugged else None)
    load = run.load(serve)
    run.warm(load)
    rule = proxy.add("silent", statement, message, before=before, direction=direction, times=times)
    run.require(rule.done.wait(30), f"{what}: the boundary was not met")
    if times > 1:   # the time counts from the last of them
        try:
            until(lambda: rule.times == 0, 5)
        except TimeoutError:
            proxy.rules.clear()
    run.healthy(serve, rule.at, what=f"{what}; healthy again after")
    run.finish(server)


@scenario("silent-append", "a link that goes silent between an append's Execute and its Sync: writes, projection and queries within 15 s", points="3")
def silent_append(run):
    silent(run, APPEND, "E", "client", False, "silent before Sync")


@scenario("unplugged-append", "a machine that goes off the network between an append's Execute and its Sync: another, and it itself when it is back, writes, "
          "projects and answers within 15 s", points="3")
def unplugged_append(run):
    silent(run, APPEND, "E", "client", False, "off the network before Sync", unplugged=True)


@scenario("unplugged-batch", "a machine that goes off the network amid a projection's batch: within 15 s", points="3")
def unplugged_batch(run):
    silent(run, BATCH, "E", "client", False, "off the network amid a batch", unplugged=True)


@scenario("silent-answer", "a link that goes silent before the answer to an append: writes within 15 s, and the answer is true", points="3")
def silent_answer(run):
    silent(run, APPEND, "C", "server", True, "silent before the answer")


@scenario("silent-batch", "a link that goes silent amid a projection's batch: another projector, or the same, goes on within 15 s", points="3")
def silent_batch(run):
    silent(run, BATCH, "E", "client", False, "silent amid a batch")


@scenario("silent-queries", "links that go silent before the answers to queries: they are given up, and their places in the pool are free within 15 s", points="3")
def silent_queries(run):
    silent(run, r"FROM \W?user_directory", "D", "server", True, "silent queries", times=10)


@scenario("silent-balancer", "all connections forgotten by a balancer without a word, new ones work: healthy within 15 s, and readiness says so meanwhile", points="3")
def silent_balancer(run):
    server, proxy, serve, project = run.plain(through_proxy=True)
    load = run.load(serve)
    run.warm(load)
    proxy.silence_all()
    since = time.monotonic()
    ready = ask(serve.port, "GET", "/health/ready", seconds=20)[0]
    run.note(f"readiness said {ready} after {time.monotonic() - since:.1f} s")
    run.healthy(serve, since)
    run.require(ask(serve.port, "GET", "/health/ready", seconds=20)[0] == 200, "not ready again")
    run.finish(server)


@scenario("all-cut", "all connections cut at once, again and again: healthy within 15 s, and nothing lost", quick=True)
def all_cut(run):
    server, proxy, serve, project = run.plain(through_proxy=True)
    load = run.load(serve)
    run.warm(load, 20)
    for _ in range(4 if run.quick else 20):
        proxy.cut_all()
        time.sleep(run.rng.random())
    run.healthy(serve, time.monotonic())
    run.finish(server)


@scenario("listener", "a lost listener is logged once and heals within 5 s; an idle-session timeout costs no flood of warnings", points="12")
def listener(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load)
    terminated = server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%listen%'")
    until(lambda: server.value("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%listen%'") == str(len(terminated)), 5, "the listeners are back")
    time.sleep(1)
    lines = len(serve.said(r"(?i)(warning|error).*listen"))
    run.note(f"{len(terminated)} listeners terminated and back; {lines} lines about it from serve")
    run.require(lines <= 2, f"{lines} lines about one lost listener")
    server.sql("ALTER DATABASE users SET idle_session_timeout = '1s'")
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'users' AND pid <> pg_backend_pid()")
    load.stop()
    before = len(serve.said(" (warning|error) "))
    time.sleep(10)
    lines = len(serve.said(" (warning|error) ")) - before
    run.note(f"{lines} warnings in 10 s of idle sessions that end after 1 s")
    run.require(lines <= 12, f"{lines} warnings in 10 s")
    run.healthy(serve, time.monotonic())
    server.sql("ALTER DATABASE users RESET idle_session_timeout")
    run.finish(server)
