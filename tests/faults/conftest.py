"""Ways to let a network fail between arkit and a server, and what must be true of a command that fails."""

import contextlib
import dataclasses
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from command import ARKIT, Ended, Run, assert_fails, environment_of
from corrections.conftest import Office, office, quick, sandbox
from wire.conftest import Handler, Scripted, Serve, behind_log_in, envelope, profile_of, serve

from arkit.client import Client
from arkit.corrections.journal import Journal
from arkit.corrections.outcomes import Outcome
from arkit.corrections.plans import Plan
from arkit.resources import Customers
from arkit.sandbox import Sandbox
from arkit.settings import Profile, sandbox_profile
from arkit.wire.calls import Calls
from arkit.wire.transport import Answer, Request, Transport

__all__ = ["Office", "Serve", "office", "profile_of", "quick", "sandbox", "serve"]

QUIESCENCE_S = 0.15
RESET = struct.pack("ii", 1, 0)
PIECE_BYTES = 2**16


# A proxy


@dataclass(frozen=True)
class Fault:
    """What happens to the next connection whose request begins like this.

    Attributes:
        begins: the beginning of the request.
        body_bytes: so many bytes of its body pass, then both sides are hung up on.
        answer_bytes: so many bytes of the answer pass, then the client is reset.
        bytes_per_s: how fast the request passes; what the client takes back with a reset does not.
    """

    begins: bytes
    body_bytes: int | None = None
    answer_bytes: int | None = None
    bytes_per_s: float | None = None


class Proxy:
    """Passes connections on to a port of this machine, and does to them what it was told."""

    def __init__(self, port: int, *, is_down: bool = False) -> None:
        self._port = port
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._script: deque[Fault] = deque()
        self.struck = 0
        if not is_down:
            self.come_up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def add(self, begins: bytes, **members: Any) -> None:
        """Strike one more connection."""
        self._script.append(Fault(begins, **members))

    def come_up(self) -> None:
        """Begin to listen."""
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop, and hang up on everybody."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        # Either side may end at any time, and so may the test.
        with contextlib.suppress(OSError):
            start = client.recv(PIECE_BYTES)
            fault = Fault(b"")
            if self._script and start.startswith(self._script[0].begins):
                fault = self._script.popleft()
                self.struck += 1
            while b"\r\n\r\n" not in start:
                start += client.recv(PIECE_BYTES)
            threading.Thread(target=self._back, args=(client, server, fault), daemon=True).start()
            self._forth(client, server, fault, start)

    def _forth(self, client: socket.socket, server: socket.socket, fault: Fault, start: bytes) -> None:
        left = None
        if fault.body_bytes is not None:
            left = start.index(b"\r\n\r\n") + 4 + fault.body_bytes
        piece = start
        while piece:
            for small in _slowly(piece[:left], fault.bytes_per_s, until=client):
                server.sendall(small)
            if left is not None and (left := left - len(piece)) <= 0:
                # As a gateway that dies: nobody hears what the server says of half a request.
                _reset(client)
                server.shutdown(socket.SHUT_WR)
                return
            piece = client.recv(PIECE_BYTES)
        server.shutdown(socket.SHUT_WR)

    def _back(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        left = fault.answer_bytes
        with contextlib.suppress(OSError):
            while piece := server.recv(PIECE_BYTES):
                client.sendall(piece[:left])
                if left is not None and (left := left - len(piece)) <= 0:
                    time.sleep(0.005)
                    _reset(client)
                    return
            client.shutdown(socket.SHUT_WR)


def _slowly(piece: bytes, bytes_per_s: float | None, *, until: socket.socket) -> Iterator[bytes]:
    """The piece in portions, until the one who sent it takes it back."""
    if bytes_per_s is None:
        yield piece
        return
    for place in range(0, len(piece), size := max(1, int(bytes_per_s / 50))):
        yield piece[place : place + size]
        time.sleep(size / bytes_per_s)
        with contextlib.suppress(BlockingIOError):
            until.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.shutdown(socket.SHUT_RD)
    connection.close()


ProxyTo = Callable[..., Proxy]


@pytest.fixture
def proxy_to() -> Iterator[ProxyTo]:
    """Starts proxies to sandboxes that end with the test."""
    proxies: list[Proxy] = []

    def start(sandbox: Sandbox, **options: bool) -> Proxy:
        proxies.append(Proxy(port_of(sandbox.url), **options))
        return proxies[-1]

    yield start
    for each in proxies:
        each.close()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


# Whom to ask


class Diverted(Transport):
    """The real transport, whose requests go to another address while it has one; log-ins never do.

    Attributes:
        instead: that address.
        diverts_reads: whether reads go there too, or only what changes something.
        diverted: how many requests went there.
        written: what was sent to change something.
    """

    def __init__(self, deadline_s: float) -> None:
        super().__init__(deadline_s)
        self.instead = ""
        self.diverts_reads = True
        self.diverted = 0
        self.written: list[Request] = []

    def read(self, request: Request, *, where: str, **limits: int) -> Answer:
        return super().read(self._sent(request) if self.diverts_reads else request, where=where, **limits)

    def write(self, request: Request, *, where: str) -> Answer:
        if where == "log-in":
            return super().write(request, where=where)
        self.written.append(request)
        return super().write(self._sent(request), where=where)

    def _sent(self, request: Request) -> Request:
        if not self.instead:
            return request
        self.diverted += 1
        _, _, path = request.url.partition("/api/")
        return dataclasses.replace(request, url=f"{self.instead}/api/{path}")


def profile_at(sandbox: Sandbox, url: str = "", **changes: Any) -> Profile:
    """The account of a sandbox, at another address if one is given."""
    login = {"base_url": url or sandbox.url, **dataclasses.asdict(sandbox.credentials)}
    return dataclasses.replace(sandbox_profile(login), **changes)


class Clerk(Office):
    """An office that works by another way than straight to the sandbox, or with other patience.

    What others sent before it came does not concern it.
    """

    def __init__(
        self, sandbox: Sandbox, folder: Path, url: str, transport: Transport | None, changes: dict[str, Any]
    ) -> None:
        super().__init__(sandbox, folder)
        self.calls.close()
        self.profile = profile_at(sandbox, url, **changes)
        self.calls = Calls(self.profile, transport)
        self.customers = Customers(self.calls, self.workspace)
        self._earlier = 0
        self._earlier = len(self.uploads())

    def uploads(self) -> list[dict[str, Any]]:
        return super().uploads()[self._earlier :]

    def fresh(self, rows: int) -> Plan:
        """A plan with addresses that nobody had before."""
        return self.addresses(rows, f"Road {len(self.sandbox.history())}")


def office_at(
    sandbox: Sandbox, folder: Path, *, url: str = "", transport: Transport | None = None, **changes: Any
) -> Clerk:
    """An office whose profile has another address, or these changes; see `Clerk`."""
    return Clerk(sandbox, folder, url, transport, changes)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A company for tests that each write values of their own."""
    folder = tmp_path_factory.mktemp("shared")
    with Sandbox(db=folder / "shared.db", customers=16, invoices=0) as sandbox:
        yield sandbox


@pytest.fixture
def clerk(shared: Sandbox, tmp_path: Path) -> Iterator[Clerk]:
    """Somebody at that company, who does not wait for long."""
    clerk = office_at(shared, tmp_path, quiescence_s=QUIESCENCE_S)
    yield clerk
    clerk.close()
    shared.faults.clear()


def rows_sent(office: Office) -> list[int]:
    """How many rows each upload changed, oldest first."""
    changed = [change["request_id"] for change in office.sandbox.applied_rows()]
    return [changed.count(upload["id"]) for upload in office.uploads()]


def assert_kept(office: Office, plan: Plan, outcome: Outcome, *, earlier: int = 0) -> None:
    """No row lost and none done twice, whatever became of them, since `earlier` changes ago."""
    applied = Counter(office.applications()[earlier:])
    with Journal(office.workspace) as journal:
        kept = {row.source_row: row for row in journal.rows(plan.id)}
    assert sorted(kept) == [row.source_row for row in plan.rows]
    assert sum(outcome.counts.values()) == len(plan.rows)
    for row in plan.rows:
        assert (kept[row.source_row].before, kept[row.source_row].target) == (row.before, row.target)
        times = [applied[row.key, field] for field in row.target]
        assert max(times) <= 1, f"{row.key} was changed more than once"
        if kept[row.source_row].state == "verified":
            assert min(times) == 1
        if kept[row.source_row].state in ("failed", "planned"):
            assert max(times) == 0


ClientOf = Callable[[Profile], Client]


@pytest.fixture
def client_of() -> Iterator[ClientOf]:
    """Clients that are closed with the test."""
    opened: list[Client] = []

    def client(profile: Profile) -> Client:
        opened.append(Client(profile))
        return opened[-1]

    yield client
    for each in opened:
        each.close()


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address at which nobody listens, and nobody else comes to listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


# Certificates


@dataclass(frozen=True)
class Authority:
    """A private authority, and the file that makes arkit trust it."""

    ca: trustme.CA
    file: str


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


def new_authority(folder: Path) -> Authority:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "authority.pem"))
    return Authority(ca, str(folder / "authority.pem"))


class Secured(Scripted):
    """A scripted server behind TLS."""

    def __init__(self, handler: Handler, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(handler)

    @property
    def url(self) -> str:
        return super().url.replace("http:", "https:")

    def _serve(self, connection: socket.socket, number: int) -> None:
        # A client that does not like the certificate goes away.
        with contextlib.suppress(OSError):
            super()._serve(self._context.wrap_socket(connection, server_side=True), number)


TlsServer = Callable[..., Secured]


@pytest.fixture
def tls_server() -> Iterator[TlsServer]:
    """Starts servers behind TLS that know no records; settings of their `ssl.SSLContext` may be given."""
    servers: list[Secured] = []

    def start(certificate: trustme.LeafCert, **settings: Any) -> Secured:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        for name, value in settings.items():
            setattr(context, name, value)
        if settings:
            # Otherwise OpenSSL itself would not offer what is too old.
            context.set_ciphers("ALL:@SECLEVEL=0")
        servers.append(Secured(behind_log_in(lambda request: [envelope([])]), context))
        return servers[-1]

    yield start
    for each in servers:
        each.close()


# The command


Measure = Callable[..., tuple[Ended, float, float]]

# A process counts the memory of the one that started it as its own, so that one must be small.
SMALL = """
import pathlib, resource, subprocess, sys
code = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode
kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path(sys.argv[1]).write_text(str(kibibytes))
sys.exit(code)
"""


@pytest.fixture
def measure(tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """Runs the command in a process of its own; what it took of memory at most, in MiB, and of seconds."""

    def measure(*arguments: object) -> tuple[Ended, float, float]:
        figure = tmp_path_factory.mktemp("measured") / "kibibytes"
        started = time.monotonic()
        command = [sys.executable, "-c", SMALL, str(figure), ARKIT, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - started
        return Ended(done.returncode, done.stdout, done.stderr), int(figure.read_text()) / 1024, seconds

    return measure


Point = Callable[..., None]


@pytest.fixture
def point(monkeypatch: pytest.MonkeyPatch) -> Point:
    """Points the command at a server, by the environment alone."""

    def point(profile: Profile, **more: str) -> None:
        login = {name: getattr(profile, name) for name in ("client_id", "client_secret", "username")}
        login |= {"url": profile.base_url, "password": profile.password, "company_id": profile.company_id}
        for name, value in {**environment_of(login), **more}.items():
            monkeypatch.setenv(name, value)

    return point


WriteProfile = Callable[[Profile], Path]


@pytest.fixture
def write_profile(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> WriteProfile:
    """Makes a profile one of the user's own, with its secrets in the environment; the file that it is in."""

    def write(profile: Profile) -> Path:
        folder = tmp_path_factory.mktemp("configuration")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        names = ("base_url", "client_id", "username", "company_id", "ca_file", "proxy")
        lines = [f"{name} = {json.dumps(getattr(profile, name))}" for name in names]
        file = folder / "arkit" / "profiles.toml"
        file.parent.mkdir()
        file.write_text("\n".join([f"[{profile.name}]", *lines]))
        monkeypatch.setenv("ARKIT_CLIENT_SECRET", profile.client_secret)
        monkeypatch.setenv("ARKIT_PASSWORD", profile.password)
        monkeypatch.setenv("ARKIT_DEADLINE_S", f"{profile.deadline_s:g}")
        return file

    return write


def assert_clear(
    told: Ended, code: int, profile: Profile, *, says: str = "", out: Path | None = None
) -> None:
    """One block on standard error, nothing that could be taken for success, and no secret."""
    assert_fails(told, code, says=says)
    assert told.out == ""
    assert told.err.count("arkit: ") == 1
    for secret in (profile.client_secret, profile.password):
        assert secret not in told.err
    if out is not None:
        assert not list(out.parent.glob(f"*{out.name}*"))


def fetch(run: Run, out: Path, *options: str, noun: str = "customers") -> Ended:
    return run("fetch", noun, "--out", out, *options)
