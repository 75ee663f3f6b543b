"""Processes that are killed, frozen and stopped."""
import os, signal, time

from machine import Program, Session, until
from world import scenario


@scenario("kills", "serve, project, rebuild and import killed with -9 at random: nothing lost, nothing applied twice, and a second run goes on", quick=True)
def kills(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    file = run.work / "people.jsonl"
    run.command("generate", "--count", "400" if run.quick else "5000", "--seed", str(run.seed), "--output", str(file))
    importer = run.program("import", ["import", str(file)], server.url()).start()
    rebuild = run.program("rebuild", ["rebuild", run.rng.choice(["user_directory", "user_history"])], server.url()).start()
    run.warm(load, 20)
    counts = {}
    end = time.monotonic() + (10 if run.quick else 60)
    while time.monotonic() < end:
        time.sleep(run.rng.random() * 0.6)
        target = run.rng.choice([serve, project, importer, rebuild])
        if target.running:
            target.kill()
            counts[target.name] = counts.get(target.name, 0) + 1
        time.sleep(run.rng.random() * 0.3)
        for program in (serve, project, importer, rebuild):
            if not program.running:
                program.start()
    for program in (importer, rebuild):
        until(lambda: not program.running, 120, f"{program.name} ends")
    run.note(f"killed: {', '.join(f'{name} {count} times' for name, count in sorted(counts.items()))}")
    for program in (importer, rebuild):   # those of before may have been killed
        program.start()
        until(lambda: not program.running, 240, f"{program.name} ends")
        run.require(program.process.returncode in (0, 3), f"{program.name} ended with {program.process.returncode}: {program.errors.read_text()[-300:]}")
    run.healthy(serve, time.monotonic())
    run.finish(server)


def locked_rebuild(run, server, name="user_directory"):
    """A rebuild that stands in its switch: something reads the view that the switch wants for itself. Returns it and the reader."""
    reader = Session(server.local())
    reader.ask(f"BEGIN; SELECT count(*) FROM {name};")
    rebuild = run.program("rebuild", ["rebuild", name], server.url()).start()
    until(lambda: server.value(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = 'users'"
        f" AND l.relation = 'public.{name}'::regclass") != "0", 60, "a rebuild in its switch")
    return rebuild, reader


@scenario("frozen-rebuild", "a rebuild stopped (SIGSTOP) in its switch: writes, projection, queries and other rebuilds go on, and it harms nothing when it wakes",
          points="3, 6")
def frozen_rebuild(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load)
    rebuild, reader = locked_rebuild(run, server)
    rebuild.freeze()
    since = time.monotonic()
    reader.ask("COMMIT;")
    reader.close()
    run.healthy(serve, since)
    other = run.command("rebuild", "user_directory", url=server.url(), check=False, seconds=120, whole=True)
    run.note(f"another rebuild after {time.monotonic() - since:.1f} s: status {other.returncode}")
    run.require(other.returncode == 0, f"another rebuild: {other.stderr.strip()[-300:]}")
    before = server.value("SELECT count(*) FROM user_directory")
    rebuild.thaw()
    until(lambda: not rebuild.running, 60, "the rebuild ends")
    run.note(f"the one that slept ended with {rebuild.process.returncode}: {rebuild.errors.read_text().strip()[-160:]}")
    run.require(int(server.value("SELECT count(*) FROM user_directory")) >= int(before), "readers see fewer rows than before")
    run.finish(server)


@scenario("slept-rebuild", "a rebuild that slept past its lease, while another one builds: whatever it does when it wakes, readers never see fewer rows, and no "
          "checkpoint goes back", points="6")
def slept_rebuild(run):
    server, _, serve, project = run.plain()
    file = run.work / "people.jsonl"
    run.command("generate", "--count", "6000", "--seed", str(run.seed), "--output", str(file))
    run.command("import", str(file), url=server.url(), check=False, seconds=240)
    run.caught_up(server)
    load = run.load(serve)
    run.warm(load, 20)

    def building(name):
        """A rebuild that is frozen half-way."""
        known = server.value("SELECT max(number) FROM leftfold.generations WHERE projection = 'user_directory'")
        rebuild = run.program(name, ["rebuild", "user_directory"], server.url()).start()
        until(lambda: server.value("SELECT count(*) FROM leftfold.generations g JOIN leftfold.followers f ON f.name = g.follower"
                                   f" WHERE projection = 'user_directory' AND number > {known} AND state = 'building' AND f.position > 0") != "0"
              or not rebuild.running, 60, f"{name} is half-way", 0.005)
        rebuild.freeze()
        return rebuild

    first = building("first")
    time.sleep(7)   # longer than its lease
    second = building("second")
    rows, position = server.sql("SELECT count(*) FROM user_directory; SELECT position FROM leftfold.projections WHERE projection = 'user_directory' AND state = 'live'")
    first.thaw()
    until(lambda: not first.running, 90, "the first ends")
    after, reached = server.sql("SELECT count(*) FROM user_directory; SELECT position FROM leftfold.projections WHERE projection = 'user_directory' AND state = 'live'")
    run.note(f"the first ended with {first.process.returncode}: readers went from {rows} to {after} rows, the checkpoint from {position} to {reached}")
    run.require(int(after) >= int(rows) and int(reached) >= int(position), "readers see less than before")
    second.thaw()
    until(lambda: not second.running, 90, "the second ends")
    run.note(f"the second ended with {second.process.returncode}")
    run.require(0 in (first.process.returncode, second.process.returncode), f"neither rebuild came to its end: {first.errors.read_text()[-200:]}, {second.errors.read_text()[-200:]}")
    run.healthy(serve, time.monotonic())
    run.finish(server)


@scenario("long-reader", "a long report on a read view holds up neither queries, projection nor writes, also while a rebuild wants to switch", points="6")
def long_reader(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load)
    rebuild, reader = locked_rebuild(run, server)
    since = time.monotonic()
    run.healthy(serve, since)
    worst = 0.0
    from machine import ask
    while time.monotonic() < since + 6:
        begun = time.monotonic()
        ask(serve.port, "GET", "/users?limit=1&prefix=x" + str(int(begun * 1000)), run.token, seconds=20)
        worst = max(worst, time.monotonic() - begun)
    run.note(f"the slowest query beside it took {worst:.2f} s")
    run.require(worst < 5, f"a query took {worst:.1f} s")
    reader.ask("COMMIT;")
    until(lambda: not rebuild.running, 60, "the rebuild ends")
    run.require(rebuild.process.returncode == 0, f"the rebuild ended with {rebuild.process.returncode}: {rebuild.errors.read_text()[-300:]}")
    run.finish(server)


@scenario("frozen-serve", "a serve stopped (SIGSTOP) at any moment: another one writes and reads on within 15 s, and the first goes on when it wakes", points="3")
def frozen_serve(run):
    server, _, serve, project = run.plain()
    other = run.serve(server.url(), "serve2")
    load = run.load(serve, other)
    run.warm(load)
    for _ in range(3 if run.quick else 8):
        time.sleep(run.rng.random())
        serve.freeze()
        run.healthy(other, time.monotonic())
        serve.thaw()
    run.healthy(serve, time.monotonic())
    run.finish(server)


@scenario("frozen-project", "a projector stopped (SIGSTOP): another one takes over within 15 s; when the first wakes, nothing is applied twice", quick=True, points="3")
def frozen_project(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load)
    project.freeze()
    since = time.monotonic()
    run.project(server.url(), "project2", wait=False)
    run.healthy(serve, since, what="taken over after")
    project.thaw()
    run.healthy(serve, time.monotonic(), what="beside the one that woke")
    run.finish(server)


@scenario("stopped", "SIGTERM ends serve and project within their grace, and no lease of theirs stays", quick=True, points="12")
def stopped(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load)
    since = time.monotonic()
    run.require(project.stop(), "project did not end within 40 s")
    took = time.monotonic() - since
    left = server.sql("SELECT name FROM leftfold.followers WHERE lease_owner IS NOT NULL AND lease_until > clock_timestamp()")
    run.note(f"project ended after {took:.1f} s, leases left: {len(left)}")
    run.require(not left, f"leases left: {left}")
    since = time.monotonic()
    run.project(server.url(), "project2")
    run.healthy(serve, since, what="with the next projector after")
    since = time.monotonic()
    run.require(serve.stop(), "serve did not end within 40 s")
    run.note(f"serve ended after {time.monotonic() - since:.1f} s")
    serve.start()
    run.finish(server)
