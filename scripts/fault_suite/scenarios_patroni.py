"""Failovers that Patroni decides, with its etcd: as people run it."""
import json, os, shutil, signal, subprocess, threading, time, urllib.request

from checker import Loss
from machine import ACCOUNT, BIN, PSQL, Server, alive, descendants, free_port, own, spawn, until
from scenarios_standbys import kept_by
from world import Unavailable, scenario

PATRONI = shutil.which("patroni")


class Member(Server):
    """A cluster that a Patroni of its own starts, stops, follows and promotes."""

    def __init__(self, run, name, scope, etcd, password, synchronous):
        super().__init__(run.work, name)
        self.password, self.rest, self.patroni = password, free_port(), None
        self.configuration = self.home / "patroni.json"   # YAML as JSON
        self.configuration.write_text(json.dumps({
            "scope": scope, "name": name,
            "restapi": {"listen": f"127.0.0.1:{self.rest}", "connect_address": f"127.0.0.1:{self.rest}"},
            "etcd3": {"hosts": f"127.0.0.1:{etcd}"},
            "bootstrap": {
                "dcs": {
                    "ttl": 20, "loop_wait": 2, "retry_timeout": 6, "maximum_lag_on_failover": 1 << 30, "synchronous_mode": synchronous,
                    "synchronous_mode_strict": synchronous,
                    "postgresql": {"use_pg_rewind": True, "parameters": {
                        "max_connections": 120, "wal_log_hints": "on", "fsync": "off", "full_page_writes": "on", "wal_keep_size": "512MB"}}},
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}],
                "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"]},
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}", "connect_address": f"127.0.0.1:{self.port}", "data_dir": str(self.data), "bin_dir": str(BIN),
                "pgpass": str(self.home / "pgpass"),
                "authentication": {name: {"username": "postgres", "password": password} for name in ("superuser", "replication", "rewind")},
                "parameters": {"unix_socket_directories": str(self.home)}}}))
        own(self.home)

    def begin(self):
        with open(self.home / "patroni.log", "ab") as log:
            self.patroni = spawn([PATRONI, self.configuration], as_server=True, stdout=log, stderr=log, env={"PATH": f"{BIN}:{os.environ['PATH']}"})
        return self

    def said(self, path="/patroni"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}{path}", timeout=3) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return {}

    def leads(self):
        answer = self.said("/primary")
        return answer.get("role") in ("master", "primary") and answer.get("state") == "running"

    def crash(self):
        """The machine goes: Patroni and PostgreSQL at once."""
        pids = [self.patroni.pid, *descendants(self.patroni.pid)]
        try:
            postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
            pids += [postmaster, *descendants(postmaster)]
        except (OSError, ValueError):
            pass
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in dict.fromkeys(pids):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self.patroni.wait(10)
        until(lambda: not any(alive(pid) for pid in pids), 20, "the dead are gone")


def patroni(run, synchronous):
    if not PATRONI or not shutil.which("etcd"):
        raise Unavailable("no patroni or etcd here: apt-get install --no-install-recommends patroni etcd-server python3-etcd")
    if subprocess.run([PATRONI, "--version"], capture_output=True).returncode:
        raise Unavailable("patroni does not run here")
    clients, peers = free_port(), free_port()
    home = run.work / "etcd"
    home.mkdir()
    own(home)
    with open(run.work / "etcd.log", "ab") as log:
        etcd = spawn(["etcd", "--name", "e", "--data-dir", home / "data", "--unsafe-no-fsync", "--listen-client-urls", f"http://127.0.0.1:{clients}",
                      "--advertise-client-urls", f"http://127.0.0.1:{clients}", "--listen-peer-urls", f"http://127.0.0.1:{peers}",
                      "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}", "--initial-cluster", f"e=http://127.0.0.1:{peers}"],
                     as_server=True, stdout=log, stderr=log)
    password = f"{run.rng.getrandbits(96):024x}"
    members = [Member(run, f"member{n}", "faults", clients, password, synchronous) for n in range(1, 4 if synchronous else 3)]
    try:
        members[0].begin()
        until(members[0].leads, 90, "the first member leads")
        for member in members[1:]:
            member.begin()
        until(lambda: members[0].value("SELECT count(*) FROM pg_stat_replication WHERE application_name LIKE 'member%' AND state = 'streaming'", "postgres") == str(len(members) - 1), 90, "the others stream")
        if synchronous:
            until(lambda: members[0].value("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')", "postgres") != "0", 60, "a synchronous standby")
        run.database(members[0])
        hosts = ",".join(f"127.0.0.1:{m.port}" for m in members)
        url = members[0].url().replace(f"127.0.0.1:{members[0].port}", hosts) + "&target_session_attrs=read-write&connect_timeout=3"
        serve, project = run.serve(url), run.project(url)
        load = run.load(serve)
        run.warm(load, 60)
        yield members, serve, load
    finally:
        for member in members:
            if member.patroni and member.patroni.poll() is None:
                member.crash()
        etcd.kill()


def leader(members, but=None, seconds=90):
    return until(lambda: next((m for m in members if m is not but and m.patroni.poll() is None and m.leads()), None), seconds, "a new leader", 0.1)


def until_written(run, serve, since, what, leading):
    led = time.monotonic()
    times = run.healthy(serve, led, what=f"{what}: {leading.name} leads after {led - since:.1f} s, healthy after that")
    if "writes" in times:
        run.note(f"{what}: writes were back {led - since + times['writes']:.1f} s after the fault")


@scenario("patroni-switchover", "a planned switchover by Patroni under load, to and fro: nothing that was answered is lost, with one standby or more", points="1, 2, 3")
def patroni_switchover(run):
    for members, serve, load in patroni(run, False):
        for _ in range(2):
            old = leader(members)
            since = time.monotonic()
            request = urllib.request.Request(f"http://127.0.0.1:{old.rest}/switchover", data=json.dumps({"leader": old.name}).encode(), method="POST")
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
            new = leader(members, but=old)
            until_written(run, serve, since, f"switchover from {old.name}", new)
            until(lambda: new.value("SELECT count(*) FROM pg_stat_replication WHERE application_name LIKE 'member%' AND state = 'streaming'", "postgres") == "1", 90, "the old leader follows")
        run.finish(new)


@scenario("patroni-synchronous", "the leader's machine goes under Patroni with a synchronous standby: nothing that was answered is lost", points="1, 2, 3")
def patroni_synchronous(run):
    for members, serve, load in patroni(run, True):
        old = leader(members)
        since = time.monotonic()
        old.crash()
        new = leader(members, but=old)
        until_written(run, serve, since, "the leader killed", new)
        time.sleep(2)
        run.finish(new)


@scenario("patroni-asynchronous", "the leader's machine goes under Patroni without a synchronous standby: the last answers may be lost, nothing else is wrong",
          points="1")
def patroni_asynchronous(run):
    for members, serve, load in patroni(run, False):
        old = leader(members)
        # As far behind as a busy network leaves it: nothing is sent any more until the leader is gone.
        sender = int(old.value("SELECT pid FROM pg_stat_replication WHERE application_name LIKE 'member%'", "postgres"))
        os.kill(sender, signal.SIGSTOP)
        head = int(old.value("SELECT max(position) FROM leftfold.events"))
        until(lambda: int(old.value("SELECT max(position) FROM leftfold.events")) >= head + 20, 60, "a tail that will be lost")
        since = time.monotonic()
        old.crash()
        promoted = time.monotonic()   # nothing is answered until there is a new leader
        other = next(m for m in members if m is not old)
        kept = kept_by(other)
        new = leader(members, but=old)
        run.note(f"the log is at {kept}, and was at {head + 20} at least")
        run.require(kept < head + 20, "no tail was lost: the scenario shows nothing")
        until_written(run, serve, since, "the leader killed", new)
        time.sleep(2)
        for ack in load.acknowledgements:
            ack.repeats = [r for r in ack.repeats if not (ack.answered_at and ack.answered_at <= promoted)]
        run.finish(new, [Loss(promoted, kept)])
