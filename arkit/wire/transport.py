"""The one place that opens connections.

A request ends by its overall deadline whatever the server does, follows no redirect, heeds no proxy or netrc
of the environment, and reads no more than so many bytes.
"""

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.filepost import encode_multipart_formdata
from urllib3.poolmanager import PoolManager, ProxyManager

from arkit.errors import ContractError
from arkit.wire.dialing import SocketOption, dial
from arkit.wire.exchanges import PROXY_LOG_IN, Exchange, current, exchange

MAX_ANSWER_BYTES = 64 * 2**20
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
    """What came back, whole; `proxy` names the one that it came through, if any."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    proxy: str = ""


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
        # Without the user and the password that may stand before it.
        self._proxy_name = urlsplit(proxy).netloc.rpartition("@")[2]
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
        with exchange(self.deadline_s, where, self._proxy_name) as under_way:
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
                    body = _whole_body(response, under_way, where, max_bytes)
            except (requests.RequestException, HTTPError, OSError) as error:
                raise under_way.failure(error) from error
            if self._proxy and response.status_code == PROXY_LOG_IN:
                raise under_way.refused_by_proxy()
        return Answer(response.status_code, response.headers, body, self._proxy_name)


def multipart(name: str, content: bytes, kind: str) -> tuple[bytes, str]:
    """Body and content type of an upload whose only part is a file named ``file``."""
    return encode_multipart_formdata({"file": (name, content, kind)})


class _Watched:
    """A connection that tells the exchange which socket it uses and when the first byte leaves."""

    _is_connecting = False

    def _new_conn(self) -> socket.socket:
        host, port = self._dns_host, self.port  # type: ignore[attr-defined]
        return dial(host, port, within_s=self.timeout, options=self.socket_options)  # type: ignore[attr-defined]

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._is_connecting = False
        under_way = self._tell()
        if under_way:
            # Until now it was the time for connecting; a large body may take longer than that.
            self.sock.settimeout(under_way.left_s())  # type: ignore[attr-defined]

    def send(self, data: Any) -> None:
        if self.sock is None:  # type: ignore[attr-defined]
            self.connect()
        under_way = self._tell()
        # What a proxy is told while connecting is none of the request.
        if under_way and not self._is_connecting:
            under_way.has_sent = True
        super().send(data)  # type: ignore[misc]

    def _tell(self) -> Exchange | None:
        under_way = current.get()
        if under_way:
            under_way.uses(self.sock)  # type: ignore[attr-defined]
            if under_way.is_over:
                raise TimeoutError
        return under_way


class _PlainConnection(_Watched, HTTPConnection):
    pass


class _SecureConnection(_Watched, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _PlainPool, "https": _SecurePool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: even where none is followed, requests would read and parse what a redirect says."""
        return None


class _Adapter(HTTPAdapter):
    def __init__(self, socket_options: list[SocketOption]) -> None:
        self._socket_options = socket_options
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_: Any) -> None:
        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, socket_options=self._socket_options
        )
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        """The connections through a proxy, which are watched like any other."""
        manager: ProxyManager = super().proxy_manager_for(
            proxy, socket_options=self._socket_options, **options
        )
        manager.pool_classes_by_scheme = POOLS
        return manager


def _session(*, is_write: bool) -> requests.Session:
    options: list[SocketOption] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if is_write:
        # Closing drops what was not sent yet, so that nothing goes on uploading behind our back.
        options.append((socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)))
    session = _Session()
    session.trust_env = False
    # Otherwise a user in the address would take the place of the token.
    session.auth = lambda prepared: prepared
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(options))
    return session


def _whole_body(response: requests.Response, under_way: Exchange, where: str, max_bytes: int) -> bytes:
    if response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise _refused("packed", "the answer is packed, which was not asked for.", where)
    body = bytearray()
    for piece in response.raw.stream(PIECE_BYTES, decode_content=False):
        body += piece
        if len(body) > max_bytes:
            raise _refused("too_large", f"the answer is larger than {max_bytes // 2**20} MiB.", where)
        if under_way.is_over:
            raise TimeoutError
    announced = response.headers.get("Content-Length")
    is_short = announced and announced.isdigit() and int(announced) != len(body)
    # http.client takes a head that was cut off for a whole one; its body is empty and has no length.
    is_cut = not body and not announced and response.status_code != 204 and not response.raw.chunked
    if under_way.is_over or is_short or is_cut:
        raise TimeoutError
    return bytes(body)


def _refused(code: str, message: str, where: str) -> ContractError:
    next_step = "Nothing of it was used."
    return ContractError(message, code=code, where=where, server_state="unknown", next_step=next_step)
