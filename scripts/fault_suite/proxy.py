"""A TCP proxy that knows where the messages of PostgreSQL's protocol begin, and can cut or fall silent there."""
import ctypes, os, re, socket, struct, subprocess, threading, time

SSL_OR_GSS = (80877103, 80877104)   # asked before the true start of a session


class Rule:
    """What happens at a boundary: at the `nth` message of `type` of a statement whose text matches.

    `direction` says whose messages count: the client's (P, B, D, E, S, Q …) or the server's (1, 2, C, Z, …, of the statement that the client
    sent last). action: "cut" (both ends are closed) or "silent" (nothing passes any more, both ways, and nothing is closed).
    """

    def __init__(self, action, statement=".", message="E", nth=1, times=1, before=False, direction="client"):
        self.action, self.statement, self.message, self.nth, self.times, self.before = action, re.compile(statement, re.S), message, nth, times, before
        self.direction, self.seen, self.lock, self.done = direction, 0, threading.Lock(), threading.Event()
        self.at = None

    def applies(self, direction, message, text):
        with self.lock:
            if direction != self.direction or message != self.message or self.times == 0 or not self.statement.search(text):
                return False
            self.seen += 1
            if self.seen < self.nth:
                return False
            self.seen = 0
            self.times -= 1
            self.at = time.monotonic()
            self.done.set()
            return True


class Link:
    def __init__(self, proxy, client):
        self.proxy, self.client, self.server = proxy, client, None
        self.silent = threading.Event()
        self.statements, self.portals, self.current = {}, {}, ""

    def run(self):
        try:
            cable = self.proxy.cable
            self.server = cable.connect(self.proxy.target[1]) if cable and not cable.pulled else socket.create_connection(self.proxy.target, 5)
            self.server.settimeout(None)
            for end in (self.client, self.server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.close()
            return
        threading.Thread(target=self.pump, args=(self.server, self.client, "server"), daemon=True).start()
        self.pump(self.client, self.server, "client")

    def close(self):
        for end in (self.client, self.server):
            if end:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def pump(self, source, sink, direction):
        """Passes whole messages on."""
        kept, started = b"", direction == "server"
        try:
            while data := source.recv(65536):
                if self.silent.is_set():
                    break
                kept += data
                out = b""
                while True:
                    head = 1 if started else 0
                    if len(kept) < head + 4:
                        break
                    length = head + struct.unpack(">I", kept[head:head + 4])[0]
                    if len(kept) < length:
                        break
                    message, kept = kept[:length], kept[length:]
                    if not started:
                        started = struct.unpack(">I", message[4:8])[0] not in SSL_OR_GSS
                        out += message
                        continue
                    type = chr(message[0])
                    if direction == "client":
                        self.notice(type, message[5:])
                    rule = next((r for r in self.proxy.rules if r.applies(direction, type, self.current)), None)
                    if rule is None:
                        out += message
                        continue
                    if not rule.before:
                        out += message
                    if rule.action == "silent":
                        self.silent.set()
                    if out:
                        sink.sendall(out)
                        out = b""
                    if rule.action == "silent" and self.proxy.cable:
                        time.sleep(0.02)   # until what was sent has arrived
                        self.proxy.pull()
                    if rule.action == "cut":
                        self.close()
                        return
                    break
                if self.silent.is_set():
                    break
                if out:
                    sink.sendall(out)
        except OSError:
            pass
        if self.silent.is_set():
            self.proxy.ended.wait()   # reads nothing, closes nothing
        self.close()

    def notice(self, type, body):
        def word(data):
            text, _, rest = data.partition(b"\0")
            return text.decode(errors="replace"), rest
        if type == "P":
            name, rest = word(body)
            self.statements[name] = self.current = word(rest)[0]
        elif type == "B":
            portal, rest = word(body)
            self.portals[portal] = self.current = self.statements.get(word(rest)[0], "")
        elif type == "E":
            self.current = self.portals.get(word(body)[0], self.current)
        elif type == "Q":
            self.current = word(body)[0]


class Cable:
    """A network of its own between a place and this machine. Needs root on Linux."""

    count = 0

    def __init__(self):
        Cable.count += 1
        self.name = f"lf{os.getpid() % 100000}x{Cable.count}"
        self.subnet = f"10.{200 + os.getpid() % 50}.{Cable.count}"
        self.address, self.pulled = f"{self.subnet}.1", False
        for command in (f"netns add {self.name}", f"link add {self.name} type veth peer name eth0 netns {self.name}", f"addr add {self.address}/24 dev {self.name}",
                        f"link set {self.name} up", f"-n {self.name} addr add {self.subnet}.2/24 dev eth0", f"-n {self.name} link set eth0 up"):
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)

    def connect(self, port):
        """A connection that comes from there. For the kernel, a thread is in a network."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as here, open(f"/run/netns/{self.name}") as there:
            try:
                if libc.setns(there.fileno(), 0x40000000):
                    raise OSError(ctypes.get_errno(), "setns")
                return socket.create_connection((self.address, port), 5)
            finally:
                libc.setns(here.fileno(), 0x40000000)

    def pull(self):
        self.pulled = True
        subprocess.run(["ip", "link", "set", self.name, "down"], capture_output=True)

    def remove(self):
        subprocess.run(["ip", "link", "del", self.name], capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


class Proxy:
    """Listens on a port of its own and passes everything on to a server, as long as no rule says otherwise.

    What goes on to the server comes from the network `cable`, if there is one: pulled, the server hears no TCP of it either.
    """

    def __init__(self, port, cable=None):
        self.target, self.rules, self.links, self.cable = ("127.0.0.1", port), [], [], cable
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            link = Link(self, client)
            self.links.append(link)
            threading.Thread(target=link.run, daemon=True).start()

    def add(self, *arguments, **options):
        rule = Rule(*arguments, **options)
        self.rules.append(rule)
        return rule

    def cut_all(self):
        for link in self.links:
            link.close()
        self.links = []

    def silence_all(self):
        """As when a balancer forgets its connections: those that are there say nothing any more; new ones work."""
        for link in self.links:
            link.silent.set()
        self.links = []

    def pull(self):
        """The machine is off the network: all its links are silent, and new ones come from another."""
        self.cable.pull()
        self.silence_all()

    def close(self):
        self.ended.set()
        self.listener.close()
        self.cut_all()
