"""Connections: they end in time, go where they were sent, and take no more than they should."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from arkit.errors import ContractError, NetworkError
from arkit.wire.transport import Answer, Request, Transport

from .conftest import HangUp, Piece, Seen, Serve, http

Verb = Callable[[Transport, str], Answer]


def read(transport: Transport, url: str) -> Answer:
    return transport.read(Request("POST", url, body=b"{}"), where="search")


def write(transport: Transport, url: str) -> Answer:
    return transport.write(Request("POST", url, body=b"{}"), where="upload")


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(5)
    yield transport
    transport.close()


def always(*pieces: Piece) -> Callable[[Seen], Iterable[Piece]]:
    return lambda request: pieces


def drip(start: bytes, drop: bytes) -> Callable[[Seen], Iterable[Piece]]:
    """The start, then a drop every 50 milliseconds for much longer than any test waits."""

    def pieces(request: Seen) -> Iterator[Piece]:
        yield start
        for _ in repeat(None, 200):
            yield drop
            yield 0.05

    return pieces


SLOW = {
    "silent": always(10.0),
    "head": drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers": drip(b"HTTP/1.1 200 OK\r\n", b"X-Another: one\r\n"),
    "provisional": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": drip(http(Content_Length="100000"), b" "),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "until-close": drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "redirect": drip(http(status=302, Location="/", Content_Length="100000"), b" "),
}


@pytest.mark.parametrize("verb", [read, write])
@pytest.mark.parametrize("slow", SLOW)
def test_a_request_ends_by_its_deadline_however_the_server_drips(serve: Serve, slow: str, verb: Verb) -> None:
    server = serve(SLOW[slow])
    start = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        verb(Transport(0.25), server.url)
    assert time.monotonic() - start < 2
    assert (caught.value.code, caught.value.server_state) == ("deadline", "unknown")
    assert len(server.seen) == 1


def test_a_handshake_that_drips_ends_by_the_deadline_with_nothing_sent() -> None:
    def one_byte_now_and_then() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"\x16\x03\x03\x40\x00")
                for _ in range(100):
                    connection.sendall(b"\x02")
                    time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=one_byte_now_and_then, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(NetworkError) as caught:
            write(Transport(0.25), f"https://127.0.0.1:{listener.getsockname()[1]}/")
        assert time.monotonic() - start < 2
    assert caught.value.server_state == "nothing_sent"


def test_an_upload_that_is_given_up_dies_with_its_socket() -> None:
    """A server that wakes up later finds a reset, not the rest of the file."""
    size = 50_000_000
    ends: list[str] = []

    def wake_up_late() -> None:
        connection, _ = listener.accept()
        with connection:
            time.sleep(0.6)
            try:
                while connection.recv(2**20):
                    pass
                ends.append("orderly")
            except ConnectionResetError:
                ends.append("reset")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=wake_up_late)
        server.start()
        request = Request("POST", f"http://127.0.0.1:{listener.getsockname()[1]}/", body=bytes(size))
        start = time.monotonic()
        with pytest.raises(NetworkError) as caught:
            Transport(0.3).write(request, where="upload")
        assert time.monotonic() - start < 2
        server.join()
    assert (caught.value.code, caught.value.server_state) == ("deadline", "unknown")
    assert ends == ["reset"]


@pytest.mark.parametrize("verb", [read, write])
def test_a_refused_connection_sent_nothing(verb: Verb) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(NetworkError) as caught:
            verb(Transport(5), f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert (caught.value.code, caught.value.server_state) == ("connection", "nothing_sent")
    assert caught.value.exit_code != 0


BROKEN = {
    "no answer": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "head without end": b"HTTP/1.1 200 OK\r\nServer: some\r\n",
    "short body": http(b'{"payload": []}', Content_Length="16"),
    "no body": http(Content_Length="1"),
    "chunks without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
}


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("verb", [read, write])
@pytest.mark.parametrize("sent", BROKEN)
def test_an_answer_that_breaks_off_leaves_the_server_s_state_unknown(
    serve: Serve, transport: Transport, sent: str, verb: Verb, reset: bool
) -> None:
    def hang_up(request: Seen) -> Iterator[Piece]:
        yield BROKEN[sent]
        raise HangUp(reset=reset)

    server = serve(hang_up)
    with pytest.raises(NetworkError) as caught:
        verb(transport, server.url)
    assert (caught.value.code, caught.value.server_state) == ("connection", "unknown")
    assert len(server.seen) == 1


@pytest.mark.parametrize("verb", [read, write])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["elsewhere", "/again", "http://[", "//[::1"])
def test_a_redirect_is_an_answer_like_any_other(
    serve: Serve, transport: Transport, verb: Verb, status: int, place: str
) -> None:
    other = serve(always(http(b"other")))
    location = f"{other.url}/x" if place == "elsewhere" else place
    server = serve(always(http(b"moved", status, Location=location)))
    answer = verb(transport, server.url)
    assert (answer.status, answer.body) == (status, b"moved")
    assert (len(server.seen), len(other.seen)) == (1, 0)


def test_proxies_and_netrc_of_the_environment_are_ignored(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, server = serve(always(http(b"proxy"))), serve(always(http(b"server")))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password stolen\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.upper(), proxy.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    transport = Transport(5)
    assert {read(transport, server.url).body, write(transport, server.url).body} == {b"server"}
    assert proxy.seen == []
    assert all("authorization" not in request.headers for request in server.seen)
    transport.close()


@pytest.mark.parametrize("packing", ["gzip", "GZIP", "deflate", "br", "identity, gzip", "x" * 10_000])
@pytest.mark.parametrize("status", [200, 302, 500])
def test_a_packed_answer_is_refused_unread(
    serve: Serve, transport: Transport, packing: str, status: int
) -> None:
    server = serve(always(http(b"\x1f\x8b", status, Content_Encoding=packing, Location="/")))
    with pytest.raises(ContractError) as caught:
        read(transport, server.url)
    assert (caught.value.code, caught.value.exit_code) == ("packed", 9)
    assert server.seen[0].headers["accept-encoding"] == "identity"
    assert len(str(caught.value)) < 500


def test_an_answer_that_says_it_is_not_packed_is_read(serve: Serve, transport: Transport) -> None:
    server = serve(always(http(b"{}", Content_Encoding="Identity")))
    assert read(transport, server.url).body == b"{}"


@pytest.mark.parametrize(
    "sent",
    [http(), b"HTTP/1.1 204 None\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
)
def test_an_answer_may_be_empty_if_it_says_so(serve: Serve, transport: Transport, sent: bytes) -> None:
    assert read(transport, serve(always(sent)).url).body == b""


def endless(request: Seen) -> Iterator[Piece]:
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"1000\r\n" + bytes(0x1000) + b"\r\n")


@pytest.mark.parametrize(
    "handler",
    [
        always(http(b"x" * 11)),
        always(http(b"x" * 11, 302, Location="/")),
        always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n"),
        endless,
    ],
)
def test_an_answer_larger_than_agreed_is_refused(
    serve: Serve, transport: Transport, handler: Callable[[Seen], Iterable[Piece]]
) -> None:
    server = serve(handler)
    with pytest.raises(ContractError) as caught:
        transport.read(Request("GET", server.url), where="search", max_bytes=10)
    assert (caught.value.code, caught.value.server_state) == ("too_large", "unknown")


def test_an_answer_of_just_the_size_agreed_is_read(serve: Serve, transport: Transport) -> None:
    server = serve(always(http(b"x" * 10)))
    answer = transport.read(Request("GET", server.url), where="search", max_bytes=10)
    assert answer.body == b"x" * 10


def test_reads_share_a_connection_and_each_write_has_its_own(serve: Serve, transport: Transport) -> None:
    server = serve(always(http(b"{}")))
    for verb in (read, read, write, read, write):
        verb(transport, server.url)
    first, second, third, fourth, fifth = [request.connection for request in server.seen]
    assert first == second == fourth
    assert len({first, third, fifth}) == 3


def test_neither_request_nor_answer_shows_what_it_carries() -> None:
    request = Request("POST", "https://example.com/", headers={"Authorization": "s3cret"}, body=b"s3cret")
    answer = Answer(200, {"Set-Cookie": "s3cret"}, b"s3cret")
    assert "s3cret" not in repr(request) + repr(answer)
