"""How the bytes of an answer leave, seen at the socket."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest

from arkit.sandbox import Raw, Sandbox

from .conftest import Api

SEARCH = "/api/v0/customer/search"


@contextmanager
def connected(api: Api) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", int(api.sandbox.url.rpartition(":")[2]), timeout=5)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection: HTTPConnection, api: Api) -> HTTPResponse:
    headers = {
        "Content-Type": "application/json",
        "Authorization": str(api.session.headers["Authorization"]),
    }
    connection.request("POST", SEARCH, body=b"{}", headers=headers)
    return connection.getresponse()


def all_bytes(api: Api) -> bytes:
    """Everything the server sends on a connection until it hangs up."""
    port = int(api.sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        head = (
            f"POST {SEARCH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: {api.session.headers['Authorization']!s}\r\nContent-Length: 2\r\n\r\n{{}}"
        )
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def script(api: Api, **members: Any) -> None:
    api.sandbox.faults.add(operation="searchCustomer", **members)


@pytest.mark.parametrize("place", [0, 1, 300, 599])
def test_an_answer_may_end_before_its_announced_length(api: Api, place: int) -> None:
    script(api, answer=Raw(b"x" * 600), sent={"cut_at": place})
    with connected(api) as connection:
        answer = ask(connection, api)
        assert answer.getheader("Content-Length") == "600"
        with pytest.raises(IncompleteRead) as caught:
            answer.read()
    assert caught.value.partial == b"x" * place


def test_a_dripping_answer_may_be_cut_too(api: Api) -> None:
    script(api, answer=Raw(b"x" * 600), sent={"cut_at": 250, "bytes_per_s": 2_000})
    with connected(api) as connection, pytest.raises(IncompleteRead) as caught:
        ask(connection, api).read()
    assert len(caught.value.partial) == 250


def test_the_ordinary_answer_may_be_cut_too(api: Api, ids: list[str]) -> None:
    with connected(api) as connection:
        whole = ask(connection, api).read()
    script(api, sent={"cut_at": 700})
    with connected(api) as connection, pytest.raises(IncompleteRead) as caught:
        ask(connection, api).read()
    assert caught.value.partial == whole[:700]


@pytest.mark.parametrize("length", ["700", "10", "many"])
def test_an_answer_may_lie_about_its_length(api: Api, length: str) -> None:
    script(api, answer=Raw(b"x" * 600), headers={"Content-Length": length})
    head, _, body = all_bytes(api).partition(b"\r\n\r\n")
    assert f"Content-Length: {length}".encode() in head
    assert body == b"x" * 600


def test_an_answer_may_come_in_chunks_and_its_connection_is_kept(api: Api) -> None:
    script(api, sent={"chunked": True, "bytes_per_s": 1_000_000})
    with connected(api) as connection:
        answer = ask(connection, api)
        assert answer.getheader("Transfer-Encoding") == "chunked"
        assert answer.getheader("Content-Length") is None
        assert json.loads(answer.read())["payload"]["totalCount"] == 8
        assert ask(connection, api).status == 200


def test_chunks_may_stop_without_the_last_one(api: Api) -> None:
    script(api, answer=Raw(b"x" * 600), sent={"chunked": True, "cut_at": 100})
    with connected(api) as connection, pytest.raises(IncompleteRead):
        ask(connection, api).read()
    script(api, answer=Raw(b"x" * 600), sent={"chunked": True, "cut_at": 100})
    assert all_bytes(api).endswith(b"64\r\n" + b"x" * 100 + b"\r\n")


def test_a_body_may_be_repeated_without_being_held_in_memory(api: Api) -> None:
    script(api, answer=Raw(b"0123456789", repeat=30_000_001))
    with connected(api) as connection:
        answer = ask(connection, api)
        assert answer.getheader("Content-Length") == "300000010"
        size, last = 0, b""
        while piece := answer.read(2**20):
            size, last = size + len(piece), piece
        assert (size, last[-11:]) == (300_000_010, b"90123456789")
        assert ask(connection, api).status == 200


@pytest.mark.parametrize("is_chunked", [True, False])
def test_an_answer_may_have_no_end(api: Api, is_chunked: bool) -> None:
    script(api, answer=Raw(b"[", repeat="endless"), sent={"chunked": is_chunked})
    with connected(api) as connection:
        answer = ask(connection, api)
        assert answer.getheader("Content-Length") is None
        assert all(answer.read(2**20) == b"[" * 2**20 for _ in range(50))
    with connected(api) as connection:
        assert ask(connection, api).status == 200


def test_an_answer_may_drip(api: Api) -> None:
    script(api, answer=Raw(b"x" * 200), sent={"bytes_per_s": 400})
    start = time.monotonic()
    with connected(api) as connection:
        answer = ask(connection, api)
        assert answer.read(1) == b"x"
        assert time.monotonic() - start < 0.3
        answer.read()
    assert 0.4 < time.monotonic() - start < 2


def test_closing_does_not_wait_for_a_drip(tmp_path: Path) -> None:
    with Sandbox(db=tmp_path / "x.db", customers=8, invoices=0) as sandbox:
        api = Api(sandbox)
        script(api, sent={"bytes_per_s": 1})
        with connected(api) as connection:
            ask(connection, api).read(1)
            start = time.monotonic()
            sandbox.close()
            assert time.monotonic() - start < 1
        api.session.close()


def test_a_connection_said_to_be_kept_may_be_closed_after_the_answer(api: Api) -> None:
    script(api, sent={"closes_after_s": 0})
    script(api, sent={"closes_after_s": 0.2})
    for wait_s in (0.1, 0):
        with connected(api) as connection:
            answer = ask(connection, api)
            assert not answer.will_close
            answer.read()
            time.sleep(wait_s)
            with pytest.raises((RemoteDisconnected, ConnectionError)):
                ask(connection, api)
