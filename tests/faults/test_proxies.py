"""Proxies: the one of a profile and no other; it may refuse, answer itself, or lose what it was given."""

import contextlib
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from command import Run
from wire.conftest import HangUp, Piece, Scripted, Seen, behind_log_in, envelope, http, token

from arkit.errors import ArkitError, NetworkError
from arkit.sandbox import Sandbox
from arkit.wire.operations import GET_INVOICE, UPDATE_CUSTOMER
from arkit.wire.transport import Request, Transport

from .conftest import (
    Authority,
    ClientOf,
    Point,
    ProxyTo,
    Serve,
    TlsServer,
    WriteProfile,
    assert_clear,
    assert_kept,
    fetch,
    office_at,
    port_of,
    profile_of,
)

USER, PASSWORD = "proxy-user", "proxy-s3cret"
PAGE = b"<html><h1>You are not allowed to leave</h1></html>"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

ANSWERS: dict[str, bytes] = {
    "407": http(PAGE, 407, Content_Type="text/html", Proxy_Authenticate="Basic"),
    "a page": http(PAGE, Content_Type="text/html"),
    "403": http(PAGE, 403, Content_Type="text/html"),
    "502": http(PAGE, 500, Content_Type="text/html"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
}


def always(answer: bytes) -> Callable[[Seen], Iterable[Piece]]:
    def answered(request: Seen) -> Iterator[Piece]:
        yield answer
        raise HangUp

    return answered


def with_password(proxy: str) -> str:
    return proxy.replace("//", f"//{USER}:{PASSWORD}@")


def assert_names_no_credentials(text: str) -> None:
    assert PASSWORD not in text
    assert USER not in text


@pytest.fixture
def failing(serve: Serve) -> Callable[[str], Scripted]:
    """A proxy that gives everybody one of the answers above."""
    return lambda name: serve(always(ANSWERS[name]))


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_lets_nothing_through_is_named_and_its_password_is_not(
    failing: Callable[[str], Scripted], client_of: ClientOf, closed_port: str, scheme: str, answer: str
) -> None:
    proxy = failing(answer)
    server = closed_port.replace("http:", f"{scheme}:")
    profile = profile_of(server, proxy=with_password(proxy.url))
    with pytest.raises(ArkitError) as caught:
        client_of(profile).calls.log_in()
    error = caught.value
    assert error.exit_code in (7, 9)
    assert f"the proxy 127.0.0.1:{port_of(proxy.url)}" in str(error)
    if scheme == "https":
        assert error.server_state == "nothing_sent"
    everything = [str(error), repr(error), repr(profile), *traceback.format_exception(error)]
    assert_names_no_credentials("\n".join(everything))


def test_a_proxy_that_wants_another_password_is_not_asked_again(
    failing: Callable[[str], Scripted], client_of: ClientOf, closed_port: str
) -> None:
    proxy = failing("407")
    for server in (closed_port, closed_port.replace("http:", "https:")):
        asked = len(proxy.seen)
        with pytest.raises(NetworkError, match="user and a password") as caught:
            client_of(profile_of(server, proxy=with_password(proxy.url))).calls.log_in()
        assert caught.value.code in ("proxy", "log_in")
        assert len(proxy.seen) == asked + 1


def test_a_proxy_that_nobody_knows_is_named(client_of: ClientOf) -> None:
    profile = profile_of("https://example.com", proxy="http://proxy.invalid:3128")
    with pytest.raises(NetworkError, match=r"the proxy proxy\.invalid:3128") as caught:
        client_of(profile).calls.log_in()
    assert caught.value.server_state == "nothing_sent"


@pytest.mark.parametrize("answer", ["407", "a page", "nothing"])
def test_a_command_behind_a_proxy_that_refuses_names_it_in_one_block(
    failing: Callable[[str], Scripted],
    run: Run,
    write_profile: WriteProfile,
    closed_port: str,
    tmp_path: Path,
    answer: str,
) -> None:
    proxy = failing(answer)
    profile = profile_of(closed_port, proxy=with_password(proxy.url))
    write_profile(profile)
    told = fetch(run, tmp_path / "customers.csv", "--profile", profile.name)
    says = f"the proxy 127.0.0.1:{port_of(proxy.url)}"
    assert_clear(told, 9, profile, says=says, out=tmp_path / "customers.csv")
    looked = run("doctor", "--profile", profile.name)
    assert looked.code == 9
    assert says in " ".join(looked.out.split())
    assert_names_no_credentials(told.err + looked.out + looked.err)


@pytest.mark.parametrize("proxy", ["proxy:3128", "http://", "http://[", "ftp://h:1", "http://u:{}@h:99999"])
def test_a_proxy_that_is_none_is_refused_without_its_password(
    run: Run, write_profile: WriteProfile, tmp_path: Path, proxy: str
) -> None:
    profile = profile_of("https://ar.example.com", proxy=proxy.format(PASSWORD))
    write_profile(profile)
    told = fetch(run, tmp_path / "customers.csv", "--profile", profile.name)
    assert_clear(told, 2, profile, says="http://host:port")
    assert_names_no_credentials(told.err)


# Through a proxy that works


class Forward:
    """A proxy that lets everybody through and remembers what it was told before the connection was made."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.heads.append(head.decode())
            _, _, port = head.split(b" ")[1].rpartition(b":")
            server = socket.create_connection(("127.0.0.1", int(port)))
            self._open.append(server)
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            _pump(client, server)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def forward() -> Iterator[Forward]:
    proxy = Forward()
    yield proxy
    proxy.close()


def test_in_a_tunnel_the_proxy_sees_only_its_own_password_and_the_server_only_the_token(
    forward: Forward, tls_server: TlsServer, authority: Authority, client_of: ClientOf
) -> None:
    server = tls_server(authority.ca.issue_cert("127.0.0.1"))
    profile = profile_of(server.url, proxy=with_password(forward.url), ca_file=authority.file)
    client = client_of(profile)
    assert client.calls.read(GET_INVOICE, path={"invoiceId": "1"}) == []
    assert client.calls.change(UPDATE_CUSTOMER, path={"customerId": "1"}, body={}) == []
    assert len(forward.heads) == 3
    assert all(head.startswith("CONNECT 127.0.0.1:") for head in forward.heads)
    assert all("Proxy-Authorization: Basic " in head for head in forward.heads)
    assert not any("\r\nAuthorization" in head for head in forward.heads)
    assert [request.headers["authorization"] for request in server.seen[1:]] == ["Bearer token-1"] * 2
    assert not any("proxy-authorization" in request.headers for request in server.seen)


def test_an_upload_through_a_proxy_whose_answer_is_lost_is_found_done_and_not_sent_again(
    sandbox: Sandbox, tmp_path: Path, proxy_to: ProxyTo
) -> None:
    """A proxy is told whole addresses; this one passes them on to the one server that it knows."""
    proxy = proxy_to(sandbox)
    office = office_at(sandbox, tmp_path, quiescence_s=0.15, proxy=proxy.url)
    upload = f"POST {sandbox.url}/api/v0/customer/bulk/update".encode()
    for number, fault in enumerate([{"answer_bytes": 0}, {"answer_bytes": 100}, {"body_bytes": 10}], 1):
        earlier = len(office.applications())
        plan = office.addresses(4, f"New Road {number}")
        proxy.add(upload, **fault)
        outcome = office.apply(plan)
        assert (outcome.counts, proxy.struck) == ({"verified": 4}, number)
        assert len(office.applications()) == earlier + 4
        assert_kept(office, plan, outcome, earlier=earlier)
    office.close()


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_request_through_a_proxy_ends_by_its_deadline(serve: Serve, verb: str) -> None:
    def drip(request: Seen) -> Iterator[Piece]:
        yield http(Content_Length="100000")
        for _ in range(100):
            yield b" "
            yield 0.05

    transport = Transport(0.3, proxy=serve(drip).url)
    started = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        getattr(transport, verb)(Request("POST", "http://127.0.0.1:9/", body=b"{}"), where="search")
    assert time.monotonic() - started < 2
    assert (caught.value.code, caught.value.server_state) == ("deadline", "unknown")
    transport.close()


# What the environment says of proxies


def test_proxies_of_the_environment_are_not_used_and_doctor_names_them(
    serve: Serve, run: Run, point: Point, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = serve(always(http(PAGE)))
    server = serve(behind_log_in(lambda request: [envelope([])]))
    for name in VARIABLES:
        monkeypatch.setenv(name, with_password(proxy.url))
        monkeypatch.setenv(name.lower(), with_password(proxy.url))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    point(profile_of(server.url))
    assert fetch(run, tmp_path / "customers.csv").code == 0
    looked = run("doctor")
    assert looked.code == 0
    assert all(name in looked.out for name in VARIABLES)
    assert_names_no_credentials(looked.out + looked.err)
    assert proxy.seen == []


def test_a_proxy_of_the_environment_does_not_take_the_place_of_the_profile_s(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, closed_port: str
) -> None:
    stranger, own = serve(always(http(PAGE))), serve(behind_absolute_log_in)
    for name in VARIABLES:
        monkeypatch.setenv(name, stranger.url)
    client = client_of(profile_of(closed_port, proxy=own.url))
    assert client.calls.read(GET_INVOICE, path={"invoiceId": "1"}) == []
    assert stranger.seen == []
    assert [line.split(" ")[1].startswith(closed_port) for line in own.lines()] == [True, True]


def behind_absolute_log_in(request: Seen) -> list[Piece]:
    """A proxy and the server behind it."""
    return [token(expires_in=3600) if "/oauth/token " in request.line else envelope([])]
