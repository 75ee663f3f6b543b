"""Servers and programs that never outlive the suite, and what one needs to look at them."""
import atexit, http.client, json, os, pathlib, pwd, random, re, secrets, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(subprocess.run([ROOT / "scripts/with-postgres", "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
# The newest build.
USERS = os.path.abspath(os.environ["USERS"]) if os.environ.get("USERS") else max(
    (str(path) for kind in ("release", "debug") if (path := ROOT / ".build" / kind / "users").exists()), key=os.path.getmtime, default=None)
PSQL = str(BIN / "psql")

# Who runs servers: PostgreSQL refuses root.
ACCOUNT = None
if os.getuid() == 0:
    ACCOUNT = next(name for name in ("postgres", "nobody") if name in {p.pw_name for p in pwd.getpwall()})

_children = []
_gentle = []   # those that have children of their own to clean up after
_folders = []


def clean():
    for child in _gentle:
        if child.poll() is None:
            child.terminate()
    for child in _gentle:
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            pass
    _gentle.clear()
    for child in _children:
        if child.poll() is None:
            child.send_signal(signal.SIGCONT)
            child.kill()
    for child in _children:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            pass
    _children.clear()
    for path in _folders:
        with open("/proc/mounts") as mounts:
            mounted = [line.split()[1] for line in mounts if line.split()[1].startswith(str(path))]
        for mount in sorted(mounted, reverse=True):
            subprocess.run(["umount", "-l", mount], capture_output=True)
        shutil.rmtree(path, ignore_errors=True)
    _folders.clear()


atexit.register(clean)
for _signal in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_signal, lambda number, frame: sys.exit(128 + number))


def folder():
    """A new folder that goes with the suite; in /var/tmp, because /tmp may be memory."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="leftfold-faults.", dir="/var/tmp"))
    _folders.append(path)
    path.chmod(0o711)
    return path


def own(path):
    if ACCOUNT:
        subprocess.run(["chown", "-R", ACCOUNT, str(path)], check=True)


def rights():
    return ["--reuid", ACCOUNT, "--regid", str(pwd.getpwnam(ACCOUNT).pw_gid), "--clear-groups"] if ACCOUNT else []


def spawn(command, as_server=False, gently=False, **options):
    """A child that is killed when the suite ends, however it ends; gently, it is asked to go. Only from the main thread, whose death it is told of."""
    before = ["setpriv", *(rights() if as_server else []), "--pdeathsig", "QUIT" if as_server else "TERM" if gently else "KILL"]
    if as_server:
        options.setdefault("cwd", "/")
    child = subprocess.Popen([*before, *map(str, command)], stdin=options.pop("stdin", subprocess.DEVNULL), **options)
    _children.append(child)
    if gently:
        _gentle.append(child)
    return child


def run_as_server(command, check=True, **options):
    before = ["setpriv", *rights()] if ACCOUNT else []
    done = subprocess.run([*before, *map(str, command)], capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL, **options)
    if check and done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout[-500:]}{done.stderr[-1500:]}")
    return done


_ports = set()


def free_port():
    """Below the range from which systems take ports for outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(20000, 31000)
        if port in _ports:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _ports.add(port)
        return port


def until(condition, seconds=60, what="the condition", pause=0.05):
    """The first true value of the condition."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


class Server:
    """One PostgreSQL cluster. Trusts its Unix socket; asks for a password on TCP."""

    def __init__(self, work, name, settings=(), initdb=("--encoding", "UTF8", "--locale", "C")):
        self.home, self.name, self.port = work / name, name, free_port()
        self.data, self.password, self.settings = self.home / "data", secrets.token_hex(12), list(settings)
        self.initdb, self.process = initdb, None
        self.home.mkdir()

    def make(self):
        (self.home / "password").write_text(self.password)
        own(self.home)
        run_as_server([BIN / "initdb", "--pgdata", self.data, "--username", "postgres", "--pwfile", self.home / "password", "--no-sync",
                       "--auth-local", "trust", "--auth-host", "scram-sha-256", *self.initdb])
        return self

    def copy_of(self, primary):
        """A streaming standby of that primary."""
        own(self.home)
        run_as_server([BIN / "pg_basebackup", "-D", self.data, "-d", primary.replication(self.name), "-c", "fast", "-R", "-X", "stream", "--no-sync"])
        self.password = primary.password
        return self

    def replication(self, name):
        return f"host={self.home} port={self.port} user=postgres application_name={name}"

    def start(self, *settings, wait=True):
        base = ["max_connections=120", "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.home}", "fsync=off",
                "full_page_writes=off", "wal_keep_size=512MB", f"cluster_name={self.name}"]
        words = [word for setting in [*base, *self.settings, *settings] for word in ("-c", setting)]
        with open(self.home / "server.log", "ab") as log:
            self.process = spawn([BIN / "postgres", "-D", self.data, *words], as_server=True, stdout=log, stderr=log)
        if wait:
            until(self._started, 60, f"{self.name} answers", 0.02)
        return self

    def _started(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} does not start: " + self.log()[-1500:])
        return self.answers()

    def log(self):
        return (self.home / "server.log").read_text(errors="replace")

    def answers(self):
        return subprocess.run([BIN / "pg_isready", "-q", "-h", self.home, "-p", str(self.port)]).returncode == 0

    def stop(self, mode="fast"):
        """fast, or immediate (its own processes are told to go at once, nothing is written)."""
        if self.process and self.process.poll() is None:
            self.process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
            self.process.wait(60)

    def crash(self):
        """All of it at once, as when the machine goes."""
        pids = [self.process.pid, *descendants(self.process.pid)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self.process.wait(10)
        until(lambda: not any(alive(pid) for pid in pids), 20, "the dead are gone")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def promote(self):
        self.sql("SELECT pg_promote(true, 60)", "postgres")
        until(lambda: self.value("SELECT pg_is_in_recovery()", "postgres") == "f", 60, f"{self.name} is the primary")

    def url(self, database="users", user="postgres", port=None, password=None, **parameters):
        query = urllib.parse.urlencode({"sslmode": "disable", "gssencmode": "disable", **parameters}, quote_via=urllib.parse.quote)
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{port or self.port}/{database}?{query}"

    def local(self, database="users"):
        """Through the Unix socket, past every proxy."""
        return f"host={self.home} port={self.port} user=postgres dbname={database}"

    def sql(self, text, database="users", seconds=60, check=True):
        """The lines of the answer, asked as superuser."""
        done = subprocess.run([PSQL, "-XAtq", "-v", "ON_ERROR_STOP=1", self.local(database)],
                              input=text, capture_output=True, text=True, timeout=seconds, env={**os.environ, "PGOPTIONS": ""})
        if check and done.returncode:
            raise RuntimeError(f"{text[:200]}: {done.stderr.strip()}")
        return done.stdout.strip().splitlines()

    def value(self, text, database="users"):
        lines = self.sql(text, database)
        return lines[-1] if lines else None


def descendants(pid):
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Session:
    """A psql that stays open, for holding locks and standing in transactions."""

    def __init__(self, connection):
        self.process = spawn([PSQL, "-XAtq", connection], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text):
        """Waits for the answer."""
        mark = secrets.token_hex(6)
        self.say(f"{text}\n\\echo {mark}")
        lines = []
        while (line := self.process.stdout.readline()) and line.strip() != mark:
            lines.append(line.rstrip("\n"))
        return lines

    def close(self):
        self.process.kill()
        self.process.wait()


class Program:
    """One process of `users`."""

    def __init__(self, work, name, arguments, environment):
        self.name, self.arguments, self.environment = name, arguments, environment
        self.output, self.errors = work / f"{name}.out", work / f"{name}.err"
        self.process = None

    def start(self):
        with open(self.output, "ab") as out, open(self.errors, "ab") as err:
            self.process = spawn([USERS, *self.arguments], env={**clear_environment(), **self.environment}, stdout=out, stderr=err)
        return self

    def kill(self, number=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait(10)

    def stop(self, seconds=40):
        """Whether it went by itself when asked to."""
        if self.running:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                return False
        return True

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def memory(self):
        """Resident, in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024

    def said(self, pattern):
        return re.findall(pattern, self.errors.read_text(errors="replace"))


def clear_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DATABASE_", "READ_DATABASE_", "JWT_"))}


def ask(port, method, path, token=None, body=None, headers=None, seconds=10):
    """(status, headers, JSON); status 0 where no whole answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        head = {"Content-Type": "application/json", **(headers or {})}
        if token:
            head["Authorization"] = f"Bearer {token}"
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=head)
        answer = connection.getresponse()
        data = answer.read()
        kept = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, kept, json.loads(data) if data else None
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}, None
    finally:
        connection.close()
