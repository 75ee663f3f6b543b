"""Events that cannot be applied, leases of clocks that lie, logs of large events."""
import json, re, time, uuid

from machine import ask, until
from world import Unavailable, scenario


@scenario("poison", "an event that cannot be applied stops its projections there, visibly, and nothing before or after is skipped; writes and what was applied go "
          "on; with `projections skip` (where there is such a command) the rest follows", quick=True, points="11")
def poison(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    stream = f"user-{uuid.UUID(int=run.rng.getrandbits(128), version=4)}"
    position = int(server.value(f"SELECT position FROM leftfold.write('{stream}', 'UserCreated', '{{\"email\": 7}}')"))
    until(lambda: server.value(f"SELECT count(*) FROM leftfold.lag WHERE failed_position = {position}") == "2", 30, "both projections stand at the event")
    until(lambda: ask(project.port, "GET", "/health/ready")[0] == 503, 30, "readiness of project says so")
    stored = int(server.value("SELECT max(position) FROM leftfold.events"))
    until(lambda: int(server.value("SELECT max(position) FROM leftfold.events")) > stored + 5, 30, "writes go on")
    for follower in server.sql("SELECT position FROM leftfold.followers"):
        run.require(int(follower) == position - 1, f"a projection is at {follower}, the event at {position}")
    listed = run.command("projections", "list", url=server.url(), check=False, whole=True)
    run.note(f"stopped before {position}; projections: {listed.returncode}")
    run.require(listed.returncode == 3, f"projections said {listed.returncode}")
    load.stop()
    run.loads.clear()   # what is queried from here on is not what the log says
    if "skip" in run.command("projections", "--help"):
        since = time.monotonic()
        for name in ("user_directory", "user_history"):
            done = run.command("projections", "skip", name, "--reason", "forged", "--position", str(position), url=server.url(), check=False, whole=True)
            run.require(done.returncode == 0, f"skip: {done.returncode} {done.stderr.strip()[-300:]}")
        run.caught_up(server)
        run.note(f"skipped, and at the head after {time.monotonic() - since:.1f} s")
        paused = run.command("projections", "pause", "user_history", "--reason", "a report", url=server.url(), check=False, whole=True)
        run.require(paused.returncode == 0, f"pause: {paused.returncode} {paused.stderr.strip()[-300:]}")
        before = server.value("SELECT position FROM leftfold.projections WHERE projection = 'user_history' AND state = 'live'")
        status, _, _ = ask(serve.port, "POST", "/users", run.token, {"email": "paused@example.com", "name": "Paused"})
        until(lambda: server.value("SELECT events_behind FROM leftfold.projections WHERE projection = 'user_directory' AND state = 'live'") == "0", 30,
              "the other projection at the head")
        after = server.value("SELECT position FROM leftfold.projections WHERE projection = 'user_history' AND state = 'live'")
        run.require(status == 201 and before == after, f"paused at {before}, and at {after} after a write that was answered {status}")
        run.command("projections", "resume", "user_history", url=server.url())
        run.caught_up(server)
        run.note("paused and resumed")
    else:
        run.note("there is no `projections skip`")


@scenario("clock", "a lease far in the future, as a clock leaves it that goes back, is none: a projector takes over within 15 s", quick=True,
          points="7, 12")
def clock(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    project.kill()
    server.sql("UPDATE leftfold.followers SET lease_owner = 'a clock that went back', lease_until = clock_timestamp() + interval '1 day', lease_epoch = lease_epoch + 1")
    since = time.monotonic()
    project.start()
    run.healthy(serve, since)
    run.finish(server)


@scenario("large-events", "1,500 events of 700 KB that nobody follows: the projector stays below 400 MiB", points="9")
def large_events(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    count = 300 if run.quick else 1500
    project.stop()
    for begin in range(0, count, 50):
        server.sql("SET synchronous_commit = off; " + f"""DO $$ BEGIN FOR n IN {begin + 1}..{begin + 50} LOOP
            PERFORM leftfold.write('document-' || n, 'DocumentStored', json_build_object('body', repeat(md5(n::text), 21875))); COMMIT; END LOOP; END $$""", seconds=300)
    project.start()
    worst = 0.0
    since = time.monotonic()
    while server.value("SELECT count(*) > 0 AND bool_and(events_behind < 5) FROM leftfold.projections WHERE state = 'live'") != "t":
        worst = max(worst, project.memory())
        if time.monotonic() > since + 120:
            run.require(False, "the projector does not come to the head in 120 s")
            break
        time.sleep(0.05)
    run.note(f"at most {worst:.0f} MiB while {count} events of 700 KB were passed")
    run.require(worst < 400, f"the projector took {worst:.0f} MiB")
    run.healthy(serve, time.monotonic())
    run.finish(server)


@scenario("newer-schema", "a schema newer than the program shows in `migrate --check`, doctor and readiness", quick=True, points="8")
def newer_schema(run):
    server, _, serve, project = run.plain()
    server.sql("INSERT INTO leftfold.migrations (number, name) VALUES (9999, 'of_tomorrow')")
    until(lambda: ask(serve.port, "GET", "/health/ready")[0] == 503, 40, "readiness says so")
    check = run.command("migrate", "--check", url=server.url(), check=False, whole=True)
    doctor = run.command("doctor", url=server.url(), check=False, whole=True)
    run.note(f"migrate --check: {check.returncode} {(check.stdout + check.stderr).strip().splitlines()[-1][:140]}; doctor: {doctor.returncode}")
    run.require(check.returncode != 0, "migrate --check says that all is well")
    run.require(doctor.returncode == 3, f"doctor said {doctor.returncode}")
