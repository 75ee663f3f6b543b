"""Hostile settings, roles, limits, poolers, full disks."""
import shutil, subprocess, time

from machine import BIN, ROOT, ask, free_port, own, spawn, until
from world import Unavailable, scenario

HOSTILE = {
    "repeatable read": "SET default_transaction_isolation = 'repeatable read'",
    "serializable": "SET default_transaction_isolation = 'serializable'",
    "read only": "SET default_transaction_read_only = on",
    "no search path": "SET search_path = ''",
    "search path of another": "SET search_path = app, \"$user\"",
    "messages hidden": "SET client_min_messages = 'error'",
    "other dates": "SET DateStyle = 'SQL, DMY'",
    "other intervals": "SET IntervalStyle = 'sql_standard'",
    "other zone": "SET TimeZone = 'Asia/Kathmandu'",
    "old strings": "SET standard_conforming_strings = off",
    "bytes escaped": "SET bytea_output = 'escape'",
    "floats cut": "SET extra_float_digits = -15",
    "no index scans": "SET enable_indexscan = off",
    "asynchronous commit": "SET synchronous_commit = off",
    "quoted identifiers": "SET quote_all_identifiers = on",
    "rows hidden": "SET row_security = off",
    "replication role": "SET session_replication_role = 'replica'",
}


@scenario("hostile-settings", "whatever database and role set by default, the service works as if they had not", quick=True, points="4")
def hostile_settings(run):
    server = run.server().make().start()
    chosen = list(HOSTILE.items())
    run.rng.shuffle(chosen)
    # All at once in the short set, each alone in the long one.
    groups = [chosen] if run.quick else [[item] for item in chosen]
    for nth, group in enumerate(groups):
        if nth:
            server.sql("DROP DATABASE users WITH (FORCE)", "postgres")
        server.sql("ALTER ROLE postgres RESET ALL", "postgres")
        for _, setting in group:
            if "replication_role" in setting:
                server.sql(f"ALTER ROLE postgres {setting}", "postgres")
        run.loads.clear()
        database = "CREATE SCHEMA app; CREATE SCHEMA postgres; CREATE TABLE app.user_directory (id uuid); CREATE TABLE postgres.user_directory (id uuid);"
        database += "".join(f"ALTER DATABASE users {setting};" for _, setting in group)
        run.database(server, before=database)
        serve, project = run.serve(server.url()), run.project(server.url())
        load = run.load(serve, pause=0.01)
        run.warm(load, 30)
        run.healthy(serve, time.monotonic(), what=f"with {', '.join(name for name, _ in group)}: healthy after")
        run.finish(server)
        for program in (serve, project):
            program.stop()


@scenario("encodings", "a database that is not UTF-8 is refused before the first migration", quick=True, points="4")
def encodings(run):
    server = run.server().make().start()
    for encoding in ("LATIN1", "WIN1252", "SQL_ASCII", "EUC_JP"):
        server.sql(f"CREATE DATABASE d_{encoding.lower()} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'", "postgres")
        done = run.command("migrate", url=server.url(f"d_{encoding.lower()}"), check=False, whole=True)
        left = server.value("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'leftfold%'", f"d_{encoding.lower()}")
        run.note(f"{encoding}: {done.returncode} {done.stderr.strip()[:120]}; schemas made: {left}")
        run.require(done.returncode != 0 and left == "0", f"{encoding} was taken: {done.returncode}, {left} schemas")


@scenario("options", "what the operator asks for in the URL's options holds for every connection, the appending one too", points="4, 5")
def options(run):
    server = run.server().make().start()
    run.database(server)
    server.sql("CREATE ROLE service LOGIN PASSWORD 'x'; GRANT postgres TO service")
    url = server.url(user="service", password="x", options="-c role=postgres -c work_mem=5MB")
    serve, project = run.serve(url), run.project(url)
    load = run.load(serve)
    run.warm(load, 40)
    run.healthy(serve, time.monotonic())
    run.finish(server)


@scenario("cancelled", "appends, batches and queries that are cancelled or time out (57014) at random: unavailable and sent again, never failed with their ids burnt",
          quick=True, points="8")
def cancelled(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    # In the server, where they are met while they run.
    seconds = 6 if run.quick else 40
    count = server.value(f"""SET application_name = 'canceller'; SELECT setseed({run.rng.random():.6f}); CREATE TEMP TABLE cancelled (query text);
        DO $$ DECLARE until timestamptz := clock_timestamp() + interval '{seconds} s'; BEGIN WHILE clock_timestamp() < until LOOP
            PERFORM pg_stat_clear_snapshot();
            INSERT INTO cancelled SELECT query FROM (
                SELECT pid, query FROM pg_stat_activity WHERE datname = 'users' AND state = 'active' AND backend_type = 'client backend'
                    AND pid <> pg_backend_pid() AND random() < 0.2 OFFSET 0) AS a WHERE pg_cancel_backend(pid);
            PERFORM pg_sleep(random() * 0.004);
        END LOOP; END $$;
        SELECT count(*) || ' statements cancelled, ' || count(*) FILTER (WHERE query ~ 'append') || ' of them appends' FROM cancelled""")
    # And by a timeout: the append lock is held by somebody else for longer than a statement may take.
    from machine import Session
    blocker = Session(server.local())
    server.sql("ALTER DATABASE users SET statement_timeout = '300ms'")
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'users' AND application_name LIKE '%append%'")
    blocker.ask("SET statement_timeout = 0; BEGIN; LOCK TABLE leftfold.append_lock IN SHARE UPDATE EXCLUSIVE MODE;")
    time.sleep(4)
    failed = server.value("SELECT count(*) FROM leftfold.commands_without_events WHERE outcome = 'failed'")
    blocker.ask("COMMIT;")
    blocker.close()
    since = time.monotonic()
    server.sql("ALTER DATABASE users RESET statement_timeout")
    run.healthy(serve, since)
    run.note(f"{count}; {failed} commands recorded as failed")
    run.require(failed == "0", f"{failed} commands were burnt as failed")
    run.finish(server)


@scenario("terminated", "backends terminated at random while writes, batches and queries go on: nothing lost, nothing twice", quick=True)
def terminated(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    count = 0
    end = time.monotonic() + (5 if run.quick else 40)
    while time.monotonic() < end:
        count += len(server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'users' AND pid <> pg_backend_pid() AND random() < 0.3"))
        time.sleep(run.rng.random() * 0.3)
    run.note(f"{count} backends terminated")
    run.healthy(serve, time.monotonic())
    run.finish(server)


@scenario("restarts", "the server restarted and crashed while all goes on: nothing acknowledged is lost, healthy within 15 s", quick=True)
def restarts(run):
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    for how in (["crash"] if run.quick else ["fast", "immediate", "crash", "crash"]):
        if how == "crash":
            server.crash()
        else:
            server.stop(how)
        time.sleep(run.rng.random() * 2)
        server.start()
        run.healthy(serve, time.monotonic(), what=f"after {how}: healthy after the start")
    run.finish(server)


@scenario("disk-full", "the disk of the database runs full: unavailable, nothing recorded that is not so, and healthy within 15 s of room")
def disk_full(run):
    server = run.server().make()
    mount = run.work / "wal"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(mount)], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    wal = server.data / "pg_wal"
    shutil.copytree(wal, mount / "pg_wal")
    shutil.rmtree(wal)
    wal.symlink_to(mount / "pg_wal")
    own(mount)
    subprocess.run(["chown", "-h", f"--reference={server.data}", str(wal)], check=True)
    server.settings += ["wal_keep_size=0", "max_wal_size=48MB", "min_wal_size=32MB"]
    server.start()
    run.database(server)
    serve, project = run.serve(server.url()), run.project(server.url())
    load = run.load(serve)
    run.warm(load)
    # Nobody may take it before the log does.
    ballast = mount / "ballast"
    with open(ballast, "wb") as file:
        try:
            while True:
                file.write(b"x" * 65536)
                file.flush()
        except OSError:
            pass
    full = time.monotonic()
    server.sql("SELECT pg_switch_wal()", "postgres", check=False)
    try:
        until(lambda: not server.answers() or server.process.poll() is not None or "No space left" in server.log(), 40, "the disk is full")
    except TimeoutError:
        pass
    time.sleep(2)
    status = ask(serve.port, "POST", "/users", run.token, {"email": "full@example.com", "name": "Full"}, seconds=20)
    run.note(f"full for {time.monotonic() - full:.1f} s: a write is answered {status[0] or 'not'} {(status[2] or {}).get('code', '')}; the server {'runs' if server.process.poll() is None else 'stopped'}")
    run.require("No space left" in server.log(), "the disk was never full")
    run.require(status[0] in (0, 503), f"a write was answered {status[0]}")
    ballast.unlink()
    if server.process.poll() is not None or not server.answers():
        time.sleep(1)
        if server.process.poll() is not None:
            server.start()
    run.healthy(serve, time.monotonic(), what="healthy after there was room")
    run.finish(server)
    server.stop("immediate")
    subprocess.run(["umount", "-l", str(mount)], capture_output=True)


@scenario("full-tables", "the disk of the tables runs full (53100 in the middle of appends and batches): unavailable, not failed; healthy within 15 s of room", points="8")
def full_tables(run):
    server = run.server().make().start()
    mount = run.work / "space"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(mount)], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    own(mount)
    server.sql(f"CREATE TABLESPACE small LOCATION '{mount}'", "postgres")
    server.sql("ALTER SYSTEM SET default_tablespace = 'small'", "postgres")
    server.sql("SELECT pg_reload_conf()", "postgres")
    run.database(server)
    serve, project = run.serve(server.url()), run.project(server.url())
    load = run.load(serve)
    run.warm(load)
    ballast = mount / "ballast"
    with open(ballast, "wb") as file:
        try:
            while True:
                file.write(b"x" * 8192)
                file.flush()
        except OSError:
            pass
    until(lambda: "No space left" in server.log(), 90, "the disk is full")
    time.sleep(3)
    ballast.unlink()
    run.healthy(serve, time.monotonic(), what="healthy after there was room")
    failed = server.value("SELECT count(*) FROM leftfold.commands_without_events WHERE outcome = 'failed'")
    run.require(failed == "0", f"{failed} commands were burnt as failed")
    run.finish(server)
    for program in (serve, project):
        program.stop()
    server.stop("immediate")


@scenario("roles", "service and projector with roles of their own that may do nothing else; a rebuild by a superuser harms nothing: queries, projection and later "
          "rebuilds go on", points="5")
def roles(run):
    server = run.server().make().start()
    apart = "--roles" in run.command("migrate", "--help")
    server.sql("CREATE ROLE service LOGIN PASSWORD 'x'; CREATE ROLE projector LOGIN PASSWORD 'x'", "postgres")
    server.sql(f"CREATE DATABASE users OWNER {'postgres' if apart else 'service'} TEMPLATE template0", "postgres")
    run.secrets()
    service, projector = (server.url(user=name, password="x") for name in ("service", "projector"))
    if apart:
        run.command("migrate", "--roles", "--grant", "service=service", "--grant", "projector=projector", url=server.url())
    else:
        server.sql("GRANT ALL ON SCHEMA public TO service")
        run.command("migrate", url=service)
        projector = service
    run.note(f"migrated {'with' if apart else 'without'} --roles")
    serve, project = run.serve(service), run.project(projector)
    load = run.load(serve)
    run.warm(load)
    since = time.monotonic()
    done = run.command("rebuild", "user_directory", url=server.url(), check=False, whole=True)
    run.note(f"a rebuild as superuser ended with {done.returncode} {done.stderr.strip().splitlines()[-1][:140] if done.stderr.strip() else ''}")
    run.healthy(serve, since)
    again = run.command("rebuild", "user_directory", url=projector, check=False, whole=True)
    run.note(f"a later one as the projector: {again.returncode}")
    run.require(again.returncode == 0, f"a later rebuild as the projector: {again.stderr.strip()[-300:]}")
    run.healthy(serve, time.monotonic())
    for role in ("service", "projector"):
        for statement in ("UPDATE leftfold.events SET principal = 'x'", "DELETE FROM leftfold.events", "TRUNCATE leftfold.events CASCADE",
                          "DELETE FROM leftfold.commands_without_events", "TRUNCATE leftfold.commands_without_events"):
            done = server.sql(f"SET ROLE {role}; BEGIN; {statement}; ROLLBACK; SELECT 'allowed'", check=False)
            run.require("allowed" not in done, f"{role} may {statement}")
    run.finish(server)


@scenario("blocked", "somebody holds the append lock: writes wait and are unavailable, doctor names who, and all goes on when it is given back", quick=True, points="12")
def blocked(run):
    from machine import Session
    server, _, serve, project = run.plain()
    load = run.load(serve)
    run.warm(load, 20)
    server.sql("CREATE ROLE stranger SUPERUSER LOGIN", "postgres")
    stranger = Session(server.local().replace("user=postgres", "user=stranger"))
    pid = stranger.ask("SELECT pg_backend_pid();")[-1]
    stranger.ask("BEGIN; LOCK TABLE leftfold.append_lock IN SHARE UPDATE EXCLUSIVE MODE;")
    status, _, body = ask(serve.port, "POST", "/users", run.token, {"email": "waits@example.com", "name": "Waits"}, seconds=3 if run.quick else 40)
    # Held for some seconds, it is no longer the work of anybody's append.
    doctor = until(lambda: (done := run.command("doctor", url=server.url(), check=False, whole=True)) and pid in done.stdout and done, 20, f"doctor names {pid}", 0.5)
    told = [line for line in doctor.stdout.splitlines() if "append lock" in line]
    run.note(f"a write was answered {status or 'not'} {(body or {}).get('code', '')}; doctor: {doctor.returncode} {' '.join(told)[:160]}")
    run.require(status in (0, 503), f"a write was answered {status}")
    run.require(doctor.returncode == 3, f"doctor said {doctor.returncode}")
    stranger.ask("COMMIT;")
    since = time.monotonic()
    stranger.close()
    run.healthy(serve, since)
    run.finish(server)


@scenario("pgbouncer", "everything but LISTEN through PgBouncer in transaction mode, with few connections to the server", points="10")
def pgbouncer(run):
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        raise Unavailable("no pgbouncer here: apt-get install pgbouncer")
    server = run.server().make().start()
    run.database(server)
    port = free_port()
    home = run.work / "pgbouncer"
    home.mkdir()
    (home / "users.txt").write_text(f'"postgres" "{server.password}"\n')
    (home / "pgbouncer.ini").write_text(f"""[databases]
users = host=127.0.0.1 port={server.port} dbname=users
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {home}/users.txt
pool_mode = transaction
default_pool_size = 6
max_client_conn = 200
logfile = {home}/pgbouncer.log
pidfile = {home}/pgbouncer.pid
ignore_startup_parameters = extra_float_digits,options
""")
    own(home)
    spawn([program, home / "pgbouncer.ini"], as_server=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = server.url(port=port)
    until(lambda: subprocess.run([str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0, 20, "pgbouncer answers")
    # As the README says; a program that does not know them takes no notice of other settings.
    readme = (ROOT / "README.md").read_text()
    known = {name: value for name, value in {"DATABASE_POOLER": "transaction", "LISTEN_DATABASE_URL": server.url()}.items() if name in readme}
    run.environment.update(known)
    run.note(f"set for it: {', '.join(known) or 'nothing, there are no such settings'}")
    serve, project = run.serve(url), run.project(url)
    load = run.load(serve)
    run.warm(load)
    run.healthy(serve, time.monotonic())
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'users' AND pid <> pg_backend_pid()")
    run.healthy(serve, time.monotonic(), what="after all server connections were terminated")
    done = run.command("rebuild", "user_directory", url=url, check=False, whole=True)
    run.require(done.returncode == 0, f"a rebuild through it: {done.stderr.strip()[-300:]}")
    run.healthy(serve, time.monotonic(), what="after a rebuild")
    run.finish(server)
