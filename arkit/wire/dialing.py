"""A connection to whichever address of a name answers first, within a time that is kept.

A name may stand for several addresses, and the first of them may be dead: the others get their turn while it
is still silent (RFC 8305). The resolver has no timeout of its own, so it is not waited for longer either.
"""

import errno
import os
import selectors
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

NEXT_AFTER_S = 0.25
"""The delay that RFC 8305 recommends between two attempts."""

SocketOption = tuple[int, int, Any]
Address = tuple[Any, ...]
"""As `socket.getaddrinfo` has it."""


def dial(host: str, port: int, *, within_s: float, options: Sequence[SocketOption]) -> socket.socket:
    """A connected socket, whose operations then have that much time each.

    Raises:
        TimeoutError: the name was not resolved, or none of its addresses answered, within the time.
        OSError: the name is unknown (`socket.gaierror`), or every address refused; the last error counts.
    """
    started = time.monotonic()
    addresses = _resolved(host, port, within_s)
    connection = first(addresses, within_s=within_s - (time.monotonic() - started), options=options)
    connection.settimeout(within_s)
    return connection


def first(addresses: Sequence[Address], *, within_s: float, options: Sequence[SocketOption]) -> socket.socket:
    """A socket connected to the first address that answers; they are tried in their order.

    Raises:
        OSError: as for `dial`.
    """
    ends_at = time.monotonic() + within_s
    waiting = list(addresses)
    error: OSError = TimeoutError(errno.ETIMEDOUT, "no address answered")
    with selectors.DefaultSelector() as under_way:
        try:
            while (waiting or under_way.get_map()) and (left_s := ends_at - time.monotonic()) > 0:
                if waiting:
                    try:
                        begun = _begun(waiting.pop(0), options)
                    except OSError as refusal:
                        error = refusal
                        continue
                    under_way.register(begun, selectors.EVENT_WRITE, begun)
                for key, _ in under_way.select(min(left_s, NEXT_AFTER_S) if waiting else left_s):
                    connection: socket.socket = key.data
                    under_way.unregister(connection)
                    code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        return connection
                    connection.close()
                    error = OSError(code, os.strerror(code))
            # Those that are silent still may be alive, only slow.
            raise TimeoutError(errno.ETIMEDOUT, "no address answered") if under_way.get_map() else error
        finally:
            for key in under_way.get_map().values():
                key.data.close()


def _resolved(host: str, port: int, within_s: float) -> list[Address]:
    """The addresses of a name, in the order that the system prefers."""
    found: Future[list[Address]] = Future()

    def resolve() -> None:
        try:
            found.set_result(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except UnicodeError:
            found.set_exception(socket.gaierror(socket.EAI_NONAME, "not a name"))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=resolve, daemon=True, name="arkit-resolver").start()
    return found.result(within_s)


def _begun(address: Address, options: Sequence[SocketOption]) -> socket.socket:
    """A socket that is connecting."""
    family, kind, protocol, _, place = address
    connection = socket.socket(family, kind, protocol)
    try:
        for option in options:
            connection.setsockopt(*option)
        connection.setblocking(False)
        with suppress(BlockingIOError):
            connection.connect(place)
    except OSError:
        connection.close()
        raise
    return connection
