"""What goes over the socket: kept-alive connections, chunked bodies, resets, closing."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from arkit.sandbox import Sandbox

from .conftest import Api


@contextmanager
def connected(api: Api) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", int(api.sandbox.url.rpartition(":")[2]), timeout=5)
    try:
        yield connection
    finally:
        connection.close()


def search(connection: HTTPConnection, api: Api, **headers: str) -> dict:
    all_headers = {
        "Content-Type": "application/json",
        "Authorization": str(api.session.headers["Authorization"]),
        **headers,
    }
    connection.request("POST", "/api/v0/customer/search", body=b"{}", headers=all_headers)
    answer = connection.getresponse()
    return {"status": answer.status, "closes": answer.will_close, "body": json.loads(answer.read())}


def test_one_connection_serves_many_requests(still: Api) -> None:
    with connected(still) as connection:
        connection.connect()
        first = connection.sock
        answers = [search(connection, still) for _ in range(5)]
        assert connection.sock is first
    assert [(answer["status"], answer["closes"]) for answer in answers] == [(200, False)] * 5


def test_a_refused_request_does_not_disturb_the_next_one_on_its_connection(still: Api) -> None:
    with connected(still) as connection:
        assert search(connection, still, Authorization="Bearer x")["status"] == 401
        assert search(connection, still)["status"] == 200


def test_a_client_that_asks_for_it_is_hung_up_on(still: Api) -> None:
    with connected(still) as connection:
        assert search(connection, still, Connection="close")["closes"]


def test_a_chunked_body_is_read(still: Api) -> None:
    with connected(still) as connection:
        headers = {
            "Content-Type": "application/json",
            "Authorization": str(still.session.headers["Authorization"]),
        }
        body = iter([b'{"status"', b': "INACTIVE"}'])
        connection.request("POST", "/api/v0/customer/search", body=body, headers=headers, encode_chunked=True)
        answer = connection.getresponse()
        payload = json.loads(answer.read())["payload"]
    assert {customer["status"] for customer in payload["customers"]} == {"INACTIVE"}


@pytest.mark.parametrize("length", ["-1", "2x", "1e3", "99999999999999999999"])
def test_a_length_that_is_none_ends_the_connection(still: Api, length: str) -> None:
    port = int(still.sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        head = (
            "POST /api/v0/customer/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: {still.session.headers['Authorization']!s}\r\nContent-Length: {length}\r\n\r\n"
        )
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"CLIENT_REQUEST_ERROR" in answer


def test_closing_hangs_up_on_kept_alive_connections_and_frees_the_port(tmp_path: Path) -> None:
    sandbox = Sandbox(db=tmp_path / "closing.db", customers=1, invoices=0).start()
    api = Api(sandbox)
    port = int(sandbox.url.rpartition(":")[2])
    with connected(api) as connection:
        assert search(connection, api)["status"] == 200
        sandbox.close()
        with pytest.raises(OSError):
            search(connection, api)
    api.session.close()
    with Sandbox(db=tmp_path / "closing.db", port=port) as again:
        assert again.url == sandbox.url


def test_a_port_that_is_taken_is_an_os_error(still: Api, tmp_path: Path) -> None:
    port = int(still.sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        Sandbox(db=tmp_path / "other.db", customers=1, invoices=0, port=port).start()


def test_a_sandbox_that_finds_its_port_taken_leaves_no_folder_behind(still: Api) -> None:
    sandbox = Sandbox(customers=1, invoices=0, port=int(still.sandbox.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="in use"), sandbox:
        pass
    assert not sandbox.db.parent.exists()


def test_only_loopback_is_listened_on(still: Api) -> None:
    assert still.sandbox.url.startswith("http://127.0.0.1:")


def test_twenty_clients_at_once_are_all_served_and_no_change_is_lost(api: Api, ids: list[str]) -> None:
    rounds, headers = 5, dict(api.session.headers)
    url = f"{api.sandbox.url}/api/v0/customer/bulk/update"

    def upload(client: int) -> list[int]:
        statuses = []
        for turn in range(rounds):
            rows = [f"{customer_id},{client} Road {turn} No {row}" for row, customer_id in enumerate(ids)]
            files = {"file": ("a.csv", "customerId,address\n" + "\n".join(rows))}
            statuses.append(requests.post(url, headers=headers, files=files, timeout=30).status_code)
        return statuses

    with ThreadPoolExecutor(20) as pool:
        statuses = [status for client in pool.map(upload, range(20)) for status in client]
    assert statuses == [200] * 20 * rounds
    rows = api.sandbox.applied_rows()
    assert len(rows) == 20 * rounds * len(ids)
    assert len({row["request_id"] for row in rows}) == 20 * rounds
    for customer_id in ids:
        chain = [row for row in rows if row["customer_id"] == customer_id]
        assert all(earlier["after"] == later["before"] for earlier, later in pairwise(chain))
        assert api.customer(customer_id)["address"] == chain[-1]["after"]
