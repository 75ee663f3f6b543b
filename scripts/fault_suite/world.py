"""One scenario at work: its servers, programs and clients, what it promised and what it saw."""
import json, os, random, signal, subprocess, threading, time, traceback

import checker
from load import Load
from machine import PSQL, ROOT, USERS, Program, Server, ask, clear_environment, folder, free_port, until
from proxy import Cable, Proxy

SCENARIOS = {}

# Wanted of each fault whose cause is gone or can be waited out: writes, projections and queries healthy again.
BAR = 15.0


class Unavailable(Exception):
    """What the scenario needs is not on this machine."""


def scenario(name, promise, quick=False, points=""):
    """`points`: of the list in docs/guarantees.md that this one shows."""
    def keep(function):
        SCENARIOS[name] = (function, promise, quick, points)
        return function
    return keep


class Run:
    """What a scenario is handed."""

    def __init__(self, name, seed, work, quick):
        self.name, self.seed, self.quick = name, seed, quick
        self.rng = random.Random(f"{name} {seed}")
        self.work = work / name
        self.work.mkdir()
        self.work.chmod(0o711)
        self.servers, self.programs, self.proxies, self.loads, self.cables, self.seen, self.failures = [], [], [], [], [], [], []
        self.token = None
        self.environment = {}

    # What is told.

    def note(self, text):
        self.seen.append(text)

    def require(self, condition, text):
        if not condition:
            self.failures.append(text)
        return condition

    # What is set up.

    def server(self, name="primary", settings=(), **options):
        server = Server(self.work, name, settings, **options)
        self.servers.append(server)
        return server

    def standby(self, primary, name, *settings):
        standby = self.server(name, primary.settings)
        standby.copy_of(primary).start(*settings)
        until(lambda: primary.value(f"SELECT count(*) FROM pg_stat_replication WHERE application_name = '{name}' AND state = 'streaming'", "postgres") == "1",
              60, f"{name} streams")
        return standby

    def synchronous(self, primary, names="*"):
        primary.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "postgres")
        primary.sql("SELECT pg_reload_conf()", "postgres")
        if names:
            until(lambda: primary.value("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')", "postgres") != "0", 30, "a synchronous standby")

    def proxy(self, server, cable=None):
        proxy = Proxy(server.port, cable)
        self.proxies.append(proxy)
        return proxy

    def database(self, server, url=None, template="template0", before=""):
        """A migrated database."""
        server.sql(f"CREATE DATABASE users TEMPLATE {template}", "postgres")
        if before:
            server.sql(before)
        self.secrets()
        self.command("migrate", url=url or server.url())

    def secrets(self):
        """The keys for tokens, and one token."""
        secrets = self.work / "secrets"
        if not secrets.exists():
            self.command("secrets", str(secrets))
        self.environment = {"JWT_KEYS_FILE": str(secrets / "tokens" / "jwt_keys.json"), "LOG_LEVEL": "info"}
        self.token = self.command("token", "--subject", "load", "--role", "admin", "--lifetime", "86400").strip().splitlines()[-1]

    def command(self, *arguments, url=None, check=True, seconds=120, whole=False):
        """Runs `users`; its output, or the whole result."""
        environment = {**clear_environment(), **self.environment, **({"DATABASE_URL": url} if url else {})}
        done = subprocess.run([USERS, *arguments], env=environment, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise RuntimeError(f"users {' '.join(arguments)}: {done.returncode}: {done.stdout[-300:]}{done.stderr[-600:]}")
        return done if whole else done.stdout

    def program(self, name, arguments, url, **environment):
        program = Program(self.work, name, arguments, {**self.environment, "DATABASE_URL": url, **environment})
        self.programs.append(program)
        return program

    def serve(self, url, name="serve", wait=True, **environment):
        port = free_port()
        program = self.program(name, ["serve", "--port", str(port)], url, **environment)
        program.port = port
        program.start()
        if wait:
            until(lambda: self._ready(program), 60, f"{name} is ready")
        return program

    def project(self, url, name="project", wait=True, **environment):
        port = free_port()
        program = self.program(name, ["project", "--port", str(port)], url, **environment)
        program.port = port
        program.start()
        if wait:
            until(lambda: self._ready(program), 60, f"{name} is ready")
        return program

    def _ready(self, program):
        if not program.running:
            raise RuntimeError(f"{program.name} ended: " + program.errors.read_text()[-800:])
        return ask(program.port, "GET", "/health/ready")[0] == 200

    def cable(self):
        try:
            cable = Cable()
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"no network of its own can be made here: {error}")
        self.cables.append(cable)
        return cable

    def plain(self, settings=(), through_proxy=False, cable=None):
        """A server, `serve` and `project`: (server, proxy or None, serve, project)."""
        server = self.server(settings=[*settings, *(["listen_addresses=*"] if cable else [])]).make()
        if cable:
            with open(server.data / "pg_hba.conf", "a") as file:
                file.write(f"host all all {cable.subnet}.0/24 scram-sha-256\n")
        server.start()
        self.database(server)
        proxy = self.proxy(server, cable) if through_proxy else None
        url = server.url(port=proxy.port if proxy else None)
        return server, proxy, self.serve(url), self.project(url)

    def load(self, *serves, **options):
        load = Load([s.port for s in serves], self.token, f"{self.name} {self.seed}", **options).start()
        self.loads.append(load)
        return load

    def warm(self, load, count=40):
        until(lambda: load.definite() >= count or load.errors, 90, f"{count} answers to the load")

    # What is asked.

    def healthy(self, serve, since, seconds=150, bar=BAR, what=""):
        """Asks until writes, projection and queries answer, from now on; prints the time since then. Fails above the bar."""
        times = {}

        def write(mark):
            status, headers, body = ask(serve.port, "POST", "/users", self.token, {"email": f"{mark}@probe.example.com", "name": "Probe"}, seconds=4)
            return (headers.get("leftfold-position"), body["id"]) if status == 201 else None

        def probe(name, attempt):
            end = time.monotonic() + seconds
            count = 0
            while time.monotonic() < end:
                begun = time.monotonic()
                count += 1
                if attempt(f"{name}.{int(begun * 1000)}.{count}"):
                    times[name] = time.monotonic() - since
                    return
                time.sleep(max(0.0, 0.1 - (time.monotonic() - begun)))

        def project(mark):
            told = write(mark)
            return told and ask(serve.port, "GET", f"/users/{told[1]}", self.token, headers={"Leftfold-Position": told[0]}, seconds=8)[0] == 200

        probes = {"writes": write, "projection": project, "queries": lambda mark: ask(serve.port, "GET", "/users?limit=1", self.token, seconds=4)[0] == 200}
        threads = [threading.Thread(target=probe, args=item, daemon=True) for item in probes.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told = ", ".join(f"{name} {times[name]:.1f} s" if name in times else f"{name} never in {seconds} s" for name in probes)
        self.note(f"{what or 'healthy again after'}: {told}")
        for name in probes:
            self.require(times.get(name, 1e9) <= bar, f"{name} were healthy only after {times.get(name, float('inf')):.1f} s, not {bar:.0f} ({what or 'after the fault'})")
        return times

    def caught_up(self, server, seconds=90):
        until(lambda: server.value("SELECT count(*) > 0 AND bool_and(events_behind = 0) FROM leftfold.projections WHERE state = 'live'") == "t", seconds,
              "the projections at the head")

    def finish(self, server, losses=(), caught_up=True):
        """Ends the load, lets projections come to the head, and has the checker look at all of it."""
        for load in self.loads:
            load.stop()
        if caught_up:
            try:
                self.caught_up(server)
            except TimeoutError as error:
                self.failures.append(f"{error}: {server.sql('SELECT follower, position, head, failed_position, failure FROM leftfold.lag')}")
        acknowledgements = [a for load in self.loads for a in load.acknowledgements]
        history = checker.read_history(server.local(), acknowledgements, [r for load in self.loads for r in load.reads], PSQL)
        found = checker.check(history, losses)
        accepted = sum(1 for a in acknowledgements if a.status is not None and a.status < 300)
        unknown = sum(1 for a in acknowledgements if a.status is None)
        again = sum(a.attempts - 1 for a in acknowledgements)
        self.note(f"{len(history.events)} events, {len(history.journal)} commands; {len(acknowledgements)} asked of by the load, {accepted} accepted, "
                  f"{unknown} never answered, {again} sent again, {len(history.reads)} reads: {len(found)} violations")
        for violation in found[:6]:
            self.failures.append(str(violation))
        if len(found) > 6:
            self.failures.append(f"… and {len(found) - 6} more violations")
        if found:
            self.keep(history, found)
        return history

    def keep(self, history, found):
        """For who looks at it: the history stays, the servers do not."""
        keep = os.environ.get("FAULTS_KEEP")
        if keep:
            os.makedirs(keep, exist_ok=True)
            with open(f"{keep}/{self.name}.json", "w") as file:
                json.dump({"found": [str(v) for v in found], "history": {k: [getattr(x, "__dict__", x) for x in v] if isinstance(v, list) else v for k, v in history.__dict__.items()}}, file, indent=1)

    def close(self):
        for load in self.loads:
            load.stopping.set()
            load.resolve = 0
        for program in self.programs:
            if program.running:
                program.process.send_signal(signal.SIGCONT)
                program.process.kill()
        for program in self.programs:
            if program.process:
                program.process.wait(10)
        for proxy in self.proxies:
            proxy.close()
        for cable in self.cables:
            cable.remove()
        for server in self.servers:
            if server.process and server.process.poll() is None:
                server.process.send_signal(signal.SIGCONT)
                server.stop("immediate")


def run(name, seed, work, quick, verbose):
    """Whether it held: True, False, or None where it could not be tried."""
    function, promise, _, points = SCENARIOS[name]
    print(f"--- {name} (seed {seed}{', points ' + points if points else ''})\n    promised: {promise}", flush=True)
    began = time.monotonic()
    this = Run(name, seed, work, quick)
    try:
        function(this)
    except Unavailable as error:
        print(f"    NOT TRIED: {error}", flush=True)
        return None
    except Exception as error:
        this.failures.append(f"{type(error).__name__}: {error}")
        if verbose:
            traceback.print_exc()
    finally:
        if this.failures and verbose:
            for program in this.programs:
                print(f"    {program.name}: " + program.errors.read_text(errors="replace")[-1500:].replace("\n", "\n      "))
        this.close()
    for text in this.seen:
        print(f"    seen: {text}")
    for text in this.failures:
        print(f"    FAILED: {text[:600]}")
    print(f"    {'FAILED' if this.failures else 'held'} in {time.monotonic() - began:.0f} s"
          + (f"; again with: scripts/faults --only {name} --seed {seed}" if this.failures else ""), flush=True)
    return not this.failures
