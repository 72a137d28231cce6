"""The one place that opens connections.

A request ends by its overall deadline whatever the server does, follows no redirect, heeds no proxy or netrc
of the environment, and reads no more than so many bytes.
"""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.filepost import encode_multipart_formdata
from urllib3.poolmanager import PoolManager

from arkit.errors import ContractError, NetworkError, ServerState

MAX_ANSWER_BYTES = 64 * 2**20
MAX_FILE_BYTES = 512 * 2**20
CONNECT_S = 10.0
PIECE_BYTES = 2**16


@dataclass(frozen=True)
class Request:
    """What goes out; the repr holds no header and no body."""

    verb: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport:
    """Sends requests; reads share kept-alive connections, a write always has a fresh one of its own.

    Args:
        deadline_s: how long one request may take from its first byte to the last byte of its answer.
        ca_file: certificates to trust in place of the usual authorities; empty for those.
        proxy: the proxy to go through; empty for none.
    """

    def __init__(self, deadline_s: float, *, ca_file: str = "", proxy: str = "") -> None:
        self.deadline_s = deadline_s
        self._ca_file, self._proxy = ca_file, proxy
        self._session = self._new_session(is_write=False)

    def read(self, request: Request, *, where: str, max_bytes: int = MAX_ANSWER_BYTES) -> Answer:
        """Send a request that changes nothing.

        Raises:
            NetworkError: no complete answer came in time.
            ContractError: the answer is too large, or packed although that was not asked for.
        """
        return self._send(self._session, request, where, max_bytes)

    def write(self, request: Request, *, where: str) -> Answer:
        """Send a request once; an upload that is given up dies with its socket.

        Raises:
            NetworkError: ``server_state`` is ``nothing_sent`` if no byte of the request can have left, else
                ``unknown``.
            ContractError: as for `read`, with ``server_state`` ``unknown``.
        """
        with self._new_session(is_write=True) as session:
            return self._send(session, request, where, MAX_ANSWER_BYTES)

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._session.close()

    def _new_session(self, *, is_write: bool) -> requests.Session:
        session = _session(is_write=is_write)
        session.verify = self._ca_file or True
        session.proxies = {"all": self._proxy} if self._proxy else {}
        return session

    def _send(self, session: requests.Session, request: Request, where: str, max_bytes: int) -> Answer:
        with _exchange(self.deadline_s) as exchange:
            try:
                response = session.request(
                    request.verb,
                    request.url,
                    params=request.query,
                    data=request.body,
                    headers={"Accept-Encoding": "identity", "User-Agent": "arkit", **request.headers},
                    timeout=(min(CONNECT_S, self.deadline_s), self.deadline_s),
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    body = _whole_body(response, exchange, where, max_bytes)
            except (requests.RequestException, HTTPError, OSError) as error:
                raise exchange.failure(where, self.deadline_s, cause=_cause(error, self._proxy)) from error
        return Answer(response.status_code, response.headers, body)


def multipart(name: str, content: bytes, kind: str) -> tuple[bytes, str]:
    """Body and content type of an upload whose only part is a file named ``file``."""
    return encode_multipart_formdata({"file": (name, content, kind)})


class _Exchange:
    """One request under way: the sockets it uses, whether a byte has left, and the time it has."""

    def __init__(self, deadline_s: float) -> None:
        self.ends_at = time.monotonic() + deadline_s
        self.has_sent = False
        self.is_over = False
        self._sockets: set[socket.socket] = set()
        self._watch = threading.Timer(deadline_s, self._give_up)
        self._watch.daemon = True

    def start(self) -> None:
        self._watch.start()

    def finish(self) -> None:
        self._watch.cancel()

    def uses(self, connection: socket.socket) -> None:
        self._sockets.add(connection)

    def failure(self, where: str, deadline_s: float, *, cause: str) -> NetworkError:
        state: ServerState = "unknown" if self.has_sent else "nothing_sent"
        # A timeout of the socket may come a moment before the watch.
        is_late = self.is_over or time.monotonic() >= self.ends_at
        if is_late:
            message = f"no complete answer within {deadline_s:g} seconds."
        elif self.has_sent:
            message = "the connection broke before the answer was complete."
        else:
            message = cause or "the server cannot be reached."
        return NetworkError(
            message,
            code="deadline" if is_late else "connection",
            where=where,
            server_state=state,
            next_step="Check the address and the network, then try again.",
        )

    def _give_up(self) -> None:
        """A timeout of the socket is none for a server that sends a byte now and then; this is."""
        self.is_over = True
        for connection in self._sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


_current: ContextVar[_Exchange | None] = ContextVar("arkit_exchange", default=None)


@contextmanager
def _exchange(deadline_s: float) -> Iterator[_Exchange]:
    exchange = _Exchange(deadline_s)
    token = _current.set(exchange)
    exchange.start()
    try:
        yield exchange
    finally:
        exchange.finish()
        _current.reset(token)


class _Watched:
    """A connection that tells the exchange which socket it uses and when the first byte leaves."""

    _is_connecting = False

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._is_connecting = False
        self._tell()

    def send(self, data: Any) -> None:
        if self.sock is None:  # type: ignore[attr-defined]
            self.connect()
        exchange = self._tell()
        # What a proxy is told while connecting is none of the request.
        if exchange and not self._is_connecting:
            exchange.has_sent = True
        super().send(data)  # type: ignore[misc]

    def _tell(self) -> _Exchange | None:
        exchange = _current.get()
        if exchange:
            exchange.uses(self.sock)  # type: ignore[attr-defined]
            if exchange.is_over:
                raise TimeoutError
        return exchange


class _PlainConnection(_Watched, HTTPConnection):
    pass


class _SecureConnection(_Watched, HTTPSConnection):
    pass


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: even where none is followed, requests would read and parse what a redirect says."""
        return None


class _Adapter(HTTPAdapter):
    def __init__(self, socket_options: list[tuple[int, int, Any]]) -> None:
        self._socket_options = socket_options
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_: Any) -> None:
        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, socket_options=self._socket_options
        )
        classes = {}
        for scheme, connection in (("http", _PlainConnection), ("https", _SecureConnection)):
            pool = self.poolmanager.pool_classes_by_scheme[scheme]
            classes[scheme] = type(f"Watched{pool.__name__}", (pool,), {"ConnectionCls": connection})
        self.poolmanager.pool_classes_by_scheme = classes


def _session(*, is_write: bool) -> requests.Session:
    options: list[tuple[int, int, Any]] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if is_write:
        # Closing drops what was not sent yet, so that nothing goes on uploading behind our back.
        options.append((socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)))
    session = _Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(options))
    return session


def _whole_body(response: requests.Response, exchange: _Exchange, where: str, max_bytes: int) -> bytes:
    if response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise _refused("packed", "the answer is packed, which was not asked for.", where)
    pieces: list[bytes] = []
    size = 0
    for piece in response.raw.stream(PIECE_BYTES, decode_content=False):
        size += len(piece)
        if size > max_bytes:
            raise _refused("too_large", f"the answer is larger than {max_bytes // 2**20} MiB.", where)
        if exchange.is_over:
            raise TimeoutError
        pieces.append(piece)
    announced = response.headers.get("Content-Length")
    is_short = announced and announced.isdigit() and int(announced) != size
    # http.client takes a head that was cut off for a whole one; its body is empty and has no length.
    is_cut = not size and not announced and response.status_code != 204 and not response.raw.chunked
    if exchange.is_over or is_short or is_cut:
        raise TimeoutError
    return b"".join(pieces)


CERTIFICATES = {
    9: "the server's certificate is not valid yet; check the clock of this machine.",
    10: "the server's certificate has expired; check the clock of this machine.",
    18: "the server's certificate is signed by itself.",
    62: "the server's certificate is made out to another name.",
}
"""OpenSSL's codes of what is wrong with a certificate."""


def _cause(error: BaseException, proxy: str) -> str:
    """What went wrong before anything was sent, where the error's own causes tell."""
    causes = [error]
    for each in causes:
        nested = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        causes += [one for one in nested if isinstance(one, BaseException) and one not in causes]
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            other = "no authority that this machine trusts has signed the server's certificate."
            return CERTIFICATES.get(each.verify_code, other)
        if isinstance(each, ssl.SSLError):
            return "no secure connection could be agreed with the server."
        if proxy and isinstance(each, requests.exceptions.ProxyError):
            return f"the proxy {urlsplit(proxy).hostname} does not let the request through."
    return ""


def _refused(code: str, message: str, where: str) -> ContractError:
    next_step = "Nothing of it was used."
    return ContractError(message, code=code, where=where, server_state="unknown", next_step=next_step)
