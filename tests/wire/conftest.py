"""A server on loopback that answers with the bytes it is told, for faults that the sandbox does not know."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from arkit.settings import Profile

Piece = bytes | float
"""Bytes to send, or seconds to wait."""


@dataclass(frozen=True)
class Seen:
    """A request as it came; `connection` numbers the connections from 0."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes


Handler = Callable[[Seen], Iterable[Piece]]


class HangUp(Exception):  # noqa: N818 - an order, not a fault
    """Raised by a handler: the connection ends here, with a reset if asked for."""

    def __init__(self, *, reset: bool = False) -> None:
        self.reset = reset


@dataclass
class Scripted:
    """The server; what it saw can be read while it runs."""

    handler: Handler
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def lines(self) -> list[str]:
        return [request.line for request in self.seen]

    def close(self) -> None:
        for connection in [self._listener, *self._connections]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                number = len(self._connections) - 1
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        # A client that gives up closes in the middle of everything, and so may the end of the test.
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while line := stream.readline().decode("latin-1").strip():
                headers = {}
                while header := stream.readline().decode("latin-1").strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", "0")))
                request = Seen(number, line, headers, body)
                self.seen.append(request)
                try:
                    for piece in self.handler(request):
                        if isinstance(piece, bytes):
                            connection.sendall(piece)
                        else:
                            time.sleep(piece)
                except HangUp as end:
                    if end.reset:
                        linger = struct.pack("ii", 1, 0)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return


Serve = Callable[[Handler], Scripted]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts scripted servers that end with the test."""
    servers: list[Scripted] = []

    def start(handler: Handler) -> Scripted:
        servers.append(Scripted(handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def http(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """A whole answer; headers with `_` for `-`, and a right Content-Length unless one is given."""
    given = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name.replace('_', '-')}: {given[name]}" for name in given)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def envelope(payload: Any) -> bytes:
    """The answer of a call that went well."""
    return http(json.dumps({"payload": payload, "response_code": 0}).encode())


def token(name: str = "token-1", **members: Any) -> bytes:
    """The answer to a log-in."""
    return http(json.dumps({"access_token": name, "token_type": "bearer", **members}).encode())


def is_log_in(request: Seen) -> bool:
    return request.line.startswith("POST /oauth/token ")


def behind_log_in(handler: Handler) -> Handler:
    """Logs everybody in, with a new token each time, and leaves the rest to the handler."""
    count = iter(range(1, 1_000))

    def answer(request: Seen) -> Iterable[Piece]:
        return [token(f"token-{next(count)}", expires_in=3600)] if is_log_in(request) else handler(request)

    return answer


def profile_of(url: str, **changes: Any) -> Profile:
    """An account on that server."""
    members: dict[str, Any] = {
        "client_id": "client",
        "username": "asha@example.com",
        "company_id": "CEKTEST0001",
        "client_secret": "s3cret-of-the-client",
        "password": "p4ssword-of-asha",
        "deadline_s": 5.0,
    }
    return Profile("test", url, **{**members, **changes})
