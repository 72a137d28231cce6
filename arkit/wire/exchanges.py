"""One request under way: the sockets it uses, the time it has, and what it is if it fails."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

import requests

from arkit.errors import NetworkError, ServerState

PROXY_LOG_IN = 407

CERTIFICATES = {
    9: "the server's certificate is not valid yet, by the clock of this machine: {now:%Y-%m-%d %H:%M} UTC.",
    10: "the server's certificate has expired, by the clock of this machine: {now:%Y-%m-%d %H:%M} UTC.",
    18: "the server's certificate is signed by itself.",
    62: "the server's certificate is made out to another name.",
    64: "the server's certificate is made out to another address.",
}
"""OpenSSL's codes of what is wrong with a certificate."""


class Exchange:
    """One request under way: the sockets it uses, whether a byte has left, and the time it has."""

    def __init__(self, deadline_s: float, where: str, proxy: str) -> None:
        self.ends_at = time.monotonic() + deadline_s
        self.has_sent = False
        self.is_over = False
        self._deadline_s, self._where, self._proxy = deadline_s, where, proxy
        self._sockets: set[socket.socket] = set()
        self._watch = threading.Timer(deadline_s, self._give_up)
        self._watch.daemon = True

    def start(self) -> None:
        self._watch.start()

    def finish(self) -> None:
        self._watch.cancel()

    def left_s(self) -> float:
        return max(0.001, self.ends_at - time.monotonic())

    def uses(self, connection: socket.socket) -> None:
        self._sockets.add(connection)

    def failure(self, error: Exception) -> NetworkError:
        # A timeout of the socket may come a moment before the watch.
        if self.is_over or time.monotonic() >= self.ends_at:
            return self._broken("deadline", f"no complete answer within {self._deadline_s:g} seconds.")
        if self.has_sent:
            return self._broken("connection", "the connection broke before the answer was complete.")
        causes = _causes(error)
        if any(str(each).startswith(f"Tunnel connection failed: {PROXY_LOG_IN}") for each in causes):
            return self.refused_by_proxy()
        return self._broken("connection", _explained(causes) or "the server cannot be reached.")

    def refused_by_proxy(self) -> NetworkError:
        return self._broken("proxy", "the proxy wants a user and a password, or others than these.")

    def _broken(self, code: str, message: str) -> NetworkError:
        state: ServerState = "unknown" if self.has_sent else "nothing_sent"
        proxy = f", the proxy {self._proxy}" if self._proxy else ""
        step = f"Check the address{proxy} and the network, then try again."
        return NetworkError(message, code=code, where=self._where, server_state=state, next_step=step)

    def _give_up(self) -> None:
        """A timeout of the socket is none for a server that sends a byte now and then; this is."""
        self.is_over = True
        for connection in self._sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


current: ContextVar[Exchange | None] = ContextVar("arkit_exchange", default=None)


@contextmanager
def exchange(deadline_s: float, where: str, proxy: str) -> Iterator[Exchange]:
    under_way = Exchange(deadline_s, where, proxy)
    token = current.set(under_way)
    under_way.start()
    try:
        yield under_way
    finally:
        under_way.finish()
        current.reset(token)


def _causes(error: BaseException) -> list[BaseException]:
    """An error and all that lies behind it."""
    causes = [error]
    for each in causes:
        nested = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        causes += [one for one in nested if isinstance(one, BaseException) and one not in causes]
    return causes


def _explained(causes: list[BaseException]) -> str:
    """What went wrong before anything was sent, where an error tells; nothing of what it says itself."""
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            other = "no authority that this machine trusts has signed the server's certificate."
            return CERTIFICATES.get(each.verify_code, other).format(now=datetime.now(UTC))
        if isinstance(each, ssl.SSLError):
            return "no secure connection could be agreed with the server."
        if isinstance(each, socket.gaierror):
            return "nobody knows the name in the address."
        if isinstance(each, requests.exceptions.ProxyError):
            return "the proxy does not let the request through."
    return ""
