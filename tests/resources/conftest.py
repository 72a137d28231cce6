"""Companies to read and to change, what plain requests get from them, and servers that differ."""

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from wire.conftest import Serve, serve

from arkit import columns
from arkit.client import Client
from arkit.sandbox import Sandbox
from arkit.settings import Profile, sandbox_profile
from arkit.wire.transport import Answer, Request, Transport

__all__ = ["Serve", "serve"]

Json = dict[str, Any]
ClientOf = Callable[[Profile], Client]


def profile_in(sandbox: Sandbox) -> Profile:
    return sandbox_profile({"base_url": sandbox.url, **dataclasses.asdict(sandbox.credentials)})


class Plain:
    """Plain requests to a sandbox, which know nothing of arkit's client; amounts are exact."""

    def __init__(self, sandbox: Sandbox) -> None:
        login = sandbox.credentials
        form = {
            "username": login.username,
            "password": login.password,
            "grant_type": "password",
            "clientId": login.company_id,
        }
        pair = (login.client_id, login.client_secret)
        self._url = sandbox.url
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._session.post(f"{self._url}/oauth/token", data=form, auth=pair, timeout=10)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def all(self, noun: str) -> list[Json]:
        """All customers or invoices as JSON, newest first."""
        address = f"{self._url}/api/v0/{noun}/search?limit=5000&direction=DESC"
        answer = self._session.post(address, json={}, timeout=10)
        records: list[Json] = json.loads(answer.text, parse_float=Decimal)["payload"][f"{noun}s"]
        return records

    def customer(self, customer_id: str) -> Json:
        (found,) = [each for each in self.all("customer") if each["customerId"] == customer_id]
        return found

    def invoice(self, invoice_id: str) -> Json:
        (found,) = [each for each in self.all("invoice") if each["invoiceId"] == invoice_id]
        return found

    def close(self) -> None:
        self._session.close()


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


# A company that no test changes


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("resources")
    with Sandbox(db=folder / "sandbox.db", customers=40, invoices=300) as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def raw(running: Sandbox) -> dict[str, list[Json]]:
    plain = Plain(running)
    records = {noun: plain.all(noun) for noun in ("customer", "invoice")}
    plain.close()
    return records


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.faults.clear()


@pytest.fixture
def client(sandbox: Sandbox, client_of: ClientOf) -> Client:
    return client_of(profile_in(sandbox))


@pytest.fixture
def customers(raw: dict[str, list[Json]]) -> list[Json]:
    return raw["customer"]


@pytest.fixture
def invoices(raw: dict[str, list[Json]]) -> list[Json]:
    return raw["invoice"]


# A company of the test's own


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(db=tmp_path / "own.db", customers=6, invoices=12) as sandbox:
        yield sandbox


@pytest.fixture
def writer(own: Sandbox, client_of: ClientOf) -> Client:
    return client_of(profile_in(own))


@pytest.fixture
def plain(own: Sandbox) -> Iterator[Plain]:
    plain = Plain(own)
    yield plain
    plain.close()


def changes(sandbox: Sandbox) -> set[tuple[str, str, Any]]:
    """Which field of which record became what."""
    return {(row["record_id"], row["field"], _hashable(row["after"])) for row in sandbox.applied_rows()}


def _hashable(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, dict | list) else value


# What a frame must hold


def assert_holds(frame: pd.DataFrame, records: list[Json], id_member: str) -> None:
    """The frame has a row for each of these records, by ascending id, with every value of every member."""
    expected = sorted(records, key=lambda record: record[id_member])
    assert frame[columns.snake(id_member)].tolist() == [record[id_member] for record in expected]
    for member in {member for record in expected for member in record} - columns.NESTED:
        column = frame[columns.snake(member)]
        for value, record in zip(column, expected, strict=True):
            assert_same(value, record.get(member))


def assert_same(value: Any, raw_value: Any) -> None:
    if raw_value is None:
        assert pd.isna(value)
    elif isinstance(raw_value, dict):
        assert value == raw_value["name"]
    elif isinstance(raw_value, list):
        assert value == ";".join(raw_value)
    elif isinstance(value, pd.Timestamp):
        assert value == pd.Timestamp(raw_value)
    elif isinstance(value, dt.date):
        assert value == pd.Timestamp(raw_value).tz_localize(None).date()
    else:
        assert value == raw_value


def assert_empty_like(empty: pd.DataFrame, found: pd.DataFrame) -> None:
    """No rows, and the declared columns and kinds of one that has some."""
    declared = list(empty.columns)
    assert len(empty) == 0
    assert list(found.columns)[: len(declared)] == declared
    kinds = [frame[declared].dtypes.astype(str).to_dict() for frame in (found, empty)]
    assert kinds[0] == kinds[1]


# A server that differs from the sandbox


class Altered(Transport):
    """A server that differs from the sandbox in what it makes of a search or its answer."""

    filters: Mapping[str, Any] | None = None
    payload: Any = None

    def __init__(self, deadline_s: float) -> None:
        super().__init__(deadline_s)
        self.asked: list[Request] = []

    def read(self, request: Request, *, where: str, max_bytes: int = 10**8) -> Answer:
        self.asked.append(request)
        if self.filters is not None:
            request = dataclasses.replace(request, body=json.dumps(self.filters).encode())
        answer = super().read(request, where=where, max_bytes=max_bytes)
        if self.payload is None:
            return answer
        return dataclasses.replace(answer, body=json.dumps({"payload": self.payload}).encode())


@pytest.fixture
def altered() -> Iterator[Altered]:
    transport = Altered(10)
    yield transport
    transport.close()
