"""Standbys, failovers and backups."""
import shutil, threading, time

from checker import Loss
from machine import BIN, ask, own, run_as_server, until
from world import scenario


def waits(server):
    """Appends that wait for the standby."""
    return server.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = 'users'")


def create(serve, token, key, seconds=10):
    return ask(serve.port, "POST", "/users", token, {"email": f"{key[:8]}@wait.example.com", "name": "Waits"}, {"Idempotency-Key": key}, seconds=seconds)


@scenario("repeat-waits", "an append waits for the synchronous standby; its backend is terminated, or the primary restarts: the repeat waits as long as the "
          "first would have, so that nothing that was answered goes with a failover", quick=True, points="2")
def repeat_waits(run):
    primary = run.server().make().start()
    run.database(primary)
    standby = run.standby(primary, "standby")
    run.synchronous(primary)
    serve, project = run.serve(primary.url()), run.project(primary.url())
    run.healthy(serve, time.monotonic())
    answers = {}
    for how in ("backend terminated", "primary restarted", "wait cancelled, warnings hidden"):
        key = f"{run.rng.getrandbits(32):08x}-0000-4000-8000-{run.rng.getrandbits(48):012x}"
        if how.startswith("wait"):
            primary.sql("ALTER DATABASE users SET client_min_messages = 'error'")
            serve.stop()
            serve.start()
            until(lambda: ask(serve.port, "GET", "/health/ready")[0] == 200, 30, "ready")
        # The standby is away, and nobody has said that it may be passed over.
        standby.crash()
        first = {}
        thread = threading.Thread(target=lambda: first.update(answer=create(serve, run.token, key, 40)), daemon=True)
        thread.start()
        until(lambda: waits(primary), 30, "an append waits for the standby")
        if how.startswith("backend"):
            primary.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = 'users'")
        elif how.startswith("primary"):
            primary.stop("immediate")
            primary.start()
        else:
            primary.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = 'users'")
        stored = until(lambda: primary.value(f"SELECT count(*) FROM leftfold.events WHERE command_id = '{key}'"), 10) == "1"
        status, _, body = create(serve, run.token, key, 6)
        run.note(f"{how}: {'stored here' if stored else 'not stored'}; the repeat without the standby: {status or 'no answer in 6 s'} {(body or {}).get('code', '')}")
        run.require(not 200 <= status < 300, f"{how}: the repeat was answered {status} while the standby did not have it")
        standby.start()
        status, _, body = until(lambda: (answer := create(serve, run.token, key, 20))[0] in (200, 201) and answer, 60, "the answer with the standby")
        answers[key] = (how, body["position"])
        thread.join(45)
        got = first.get("answer", (0,))[0]
        run.require(not 200 <= got < 300 or how.startswith("primary") or standby.answers(), f"{how}: the first was answered {got}")
    since = time.monotonic()
    until(lambda: standby.value("SELECT pg_last_wal_replay_lsn() IS NOT NULL"), 10)
    primary.crash()
    standby.sql("ALTER SYSTEM RESET synchronous_standby_names", "postgres", check=False)
    standby.promote()
    standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''", "postgres")
    standby.sql("SELECT pg_reload_conf()", "postgres")
    for key, (how, position) in answers.items():
        there = standby.value(f"SELECT max(position) FROM leftfold.events WHERE command_id = '{key}'")
        run.require(there == str(position), f"{how}: answered at {position}, and the promoted standby has it at {there}")
    run.finish(standby, caught_up=False)


def cluster(run, synchronous, serves=2):
    """A primary, a standby, and programs that know both."""
    primary = run.server().make().start()
    run.database(primary)
    standby = run.standby(primary, "standby")
    if synchronous:
        run.synchronous(primary)
    url = primary.url().replace(f"127.0.0.1:{primary.port}", f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}") + "&target_session_attrs=read-write&connect_timeout=3"
    return primary, standby, [run.serve(url, f"serve{n + 1}") for n in range(serves)], run.project(url)


def promote(standby):
    standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''", "postgres", check=False)
    standby.promote()
    standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''", "postgres")
    standby.sql("SELECT pg_reload_conf()", "postgres")


@scenario("failover-synchronous", "the primary's machine goes, the synchronous standby is promoted, serve and project keep running: every answer that was "
          "given holds, and writes, projection and queries are healthy within 15 s of the promotion", quick=True, points="1, 2, 3")
def failover_synchronous(run):
    primary, standby, serves, project = cluster(run, True)
    load = run.load(*serves)
    run.warm(load, 60)
    died = time.monotonic()
    primary.crash()
    time.sleep(run.rng.random())
    promote(standby)
    since = time.monotonic()
    run.note(f"promoted {since - died:.1f} s after the crash, at position {standby.value('SELECT max(position) FROM leftfold.events')}")
    for serve in serves:
        run.healthy(serve, since, what=f"{serve.name}, healthy after the promotion")
    time.sleep(1)
    run.finish(standby)


def kept_by(standby):
    """The position up to which this standby has the log: what it has received and applied."""
    until(lambda: standby.value("SELECT pg_last_wal_receive_lsn() IS NULL OR pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn()") == "t", 30, "all is applied")
    return int(standby.value("SELECT coalesce(max(position), 0) FROM leftfold.events"))


def lose_the_tail(primary, standby, events):
    """The standby stops to receive, and the log grows."""
    standby.sql("ALTER SYSTEM SET primary_conninfo = 'host=/nowhere'", "postgres")
    standby.sql("SELECT pg_reload_conf()", "postgres")
    until(lambda: primary.value("SELECT count(*) FROM pg_stat_replication", "postgres") == "0", 30, "the standby is cut off")
    kept = kept_by(standby)
    until(lambda: int(primary.value("SELECT max(position) FROM leftfold.events")) >= kept + events, 60, "the tail that will be lost")


@scenario("failover-asynchronous", "the primary's machine goes, a standby that lacks the tail is promoted, serve and project keep running: answers of the tail are "
          "lost (that is what asynchronous means), and nothing else is wrong: nothing decided, refused or shown by the history that is gone", points="1, 7")
def failover_asynchronous(run):
    primary, standby, serves, project = cluster(run, False)
    load = run.load(*serves)
    run.warm(load, 60)
    lose_the_tail(primary, standby, 60)
    before = int(primary.value("SELECT max(position) FROM leftfold.events"))
    primary.crash()
    kept = kept_by(standby)
    since = time.monotonic()   # nothing is answered between the crash and the promotion
    promote(standby)
    run.note(f"the log was at {before} at least, and is at {kept}")
    told = [a for a in load.acknowledgements if a.status in (200, 201) and a.position and a.position > kept and a.answered_at <= since]
    run.healthy(serves[0], since, what="serve1, healthy after the promotion")
    run.healthy(serves[1], since, what="serve2, healthy after the promotion")
    # Those of before, with their keys: their first answers are gone, and so must be whatever remembers them.
    again = {}
    for ack in told[:20]:
        status, _, body = load.request(ack, run.rng)
        again[status] = again.get(status, 0) + 1
        if status == 409 and ack.command == "CreateUser":
            owner = standby.value(f"SELECT count(*) FROM leftfold.events WHERE stream = 'user-{ack.user}'")
            run.require(owner != "0" or (body or {}).get("code") != "user_already_exists",
                        f"{ack.key} sent again was answered {status} {(body or {}).get('code')}, and the log has no such user")
    run.note(f"{len(told)} answers of the tail are gone; 20 of them sent again with their keys: {again}")
    time.sleep(2)
    for ack in load.acknowledgements:   # asked anew by another history: the two answers are not one
        ack.repeats = [r for r in ack.repeats if not (ack.answered_at and ack.answered_at <= since)]
    doctor = run.command("doctor", url=standby.url(), check=False, whole=True)
    run.note(f"doctor: {doctor.returncode} {doctor.stdout.strip().splitlines()[-1][:160] if doctor.stdout.strip() else ''}")
    run.finish(standby, [Loss(since, kept)])


@scenario("restore", "an older backup put in place of the database while serve and project keep running: as after a failover that lost the tail", points="1, 7")
def restore(run):
    primary = run.server().make().start()
    run.database(primary)
    serve, project = run.serve(primary.url()), run.project(primary.url())
    load = run.load(serve)
    run.warm(load, 60)
    backup = run.work / "backup"
    backup.mkdir()
    own(backup)
    run_as_server([BIN / "pg_basebackup", "-D", backup / "data", "-d", f"host={primary.home} port={primary.port} user=postgres", "-c", "fast", "-X", "stream", "--no-sync"])
    head = int(primary.value("SELECT max(position) FROM leftfold.events"))
    until(lambda: int(primary.value("SELECT max(position) FROM leftfold.events")) >= head + 60, 60, "the tail that will be lost")
    primary.crash()
    shutil.rmtree(primary.data)
    (backup / "data").rename(primary.data)
    primary.start("listen_addresses=")   # so that nobody writes before we have looked
    kept = int(primary.value("SELECT max(position) FROM leftfold.events"))
    primary.stop()
    since = time.monotonic()
    primary.start()
    run.note(f"the log is at {kept} again")
    run.healthy(serve, since)
    time.sleep(2)
    for ack in load.acknowledgements:
        ack.repeats = [r for r in ack.repeats if not (ack.answered_at and ack.answered_at <= since)]
    run.finish(primary, [Loss(since, kept)])


@scenario("beyond-the-head", "a checkpoint beyond the log's end stops the follower and shows in doctor and readiness; no event is skipped, and a rebuild mends it",
          quick=True, points="7")
def beyond_the_head(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    load.stop()
    run.caught_up(server)
    head = int(server.value("SELECT max(position) FROM leftfold.events"))
    server.sql("UPDATE leftfold.followers SET position = position + 5")
    until(lambda: ask(project.port, "GET", "/health/ready")[0] == 503, 30, "readiness of project says so")
    doctor = run.command("doctor", url=server.url(), check=False, whole=True)
    run.note(f"project is not ready; doctor: {doctor.returncode}")
    run.require(doctor.returncode == 3, f"doctor said {doctor.returncode}")
    more = run.load(serve, label="more")
    until(lambda: int(server.value("SELECT max(position) FROM leftfold.events")) >= head + 10, 60, "the log grows past the checkpoint")
    more.stop()
    more.reads.clear()   # a checkpoint that lies can promise nothing about what is read by it
    skipped = server.value(f"SELECT count(*) FROM user_history WHERE position > {head}")
    rows = server.value("SELECT count(*) FROM leftfold.followers WHERE failure IS NOT NULL")
    run.note(f"the log grew past it: {skipped} events of after were applied, {rows} followers stopped with a failure")
    for name in ("user_directory", "user_history"):
        done = run.command("rebuild", name, url=server.url(), check=False, whole=True)
        run.require(done.returncode == 0, f"rebuild {name}: {done.returncode} {done.stderr[-200:]}")
    run.healthy(serve, time.monotonic())
    run.finish(server)
