"""What is fetched, beside what plain requests get from the same server."""

import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from arkit import columns
from arkit.client import Client
from arkit.errors import ApiError, ContractError, UsageError
from arkit.resources import Customers, Invoices
from arkit.sandbox import Sandbox
from arkit.settings import sandbox_profile
from arkit.wire.calls import Calls
from arkit.wire.transport import Answer, Request, Transport


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("resources")
    with Sandbox(db=folder / "sandbox.db", customers=40, invoices=300) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.faults.clear()


@pytest.fixture
def client(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("ARKIT_WORKSPACE", str(tmp_path))
    values = {"base_url": sandbox.url, **dataclasses.asdict(sandbox.credentials)}
    with Client(sandbox_profile(values)) as client:
        yield client


@pytest.fixture(scope="module")
def raw(running: Sandbox) -> dict[str, list[dict[str, Any]]]:
    """All customers and invoices as JSON, fetched without arkit."""
    login = running.credentials
    form = {
        "username": login.username,
        "password": login.password,
        "grant_type": "password",
        "clientId": login.company_id,
    }
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{running.url}/oauth/token", data=form, auth=(login.client_id, login.client_secret), timeout=10
        )
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return {
            noun: json.loads(
                session.post(
                    f"{running.url}/api/v0/{noun}/search?limit=5000&direction=DESC", json={}, timeout=10
                ).text,
                parse_float=Decimal,
            )["payload"][f"{noun}s"]
            for noun in ("customer", "invoice")
        }


@pytest.fixture
def customers(raw: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return raw["customer"]


@pytest.fixture
def invoices(raw: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return raw["invoice"]


def assert_holds(frame: pd.DataFrame, records: list[dict[str, Any]], id_member: str) -> None:
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


def test_all_customers_are_fetched_with_all_they_have(
    client: Client, customers: list[dict[str, Any]]
) -> None:
    assert len(customers) == 40
    assert_holds(client.customers.fetch(), customers, "customerId")


def test_all_invoices_are_fetched_with_all_they_have(client: Client, invoices: list[dict[str, Any]]) -> None:
    assert len(invoices) == 300
    frame = client.invoices.fetch()
    dated = [{**invoice, "invoiceDate": in_india(invoice["invoiceDate"])} for invoice in invoices]
    assert_holds(frame, dated, "invoiceId")
    assert frame["net_amount"].sum() == sum(invoice["netAmount"] for invoice in invoices)


def in_india(instant: str) -> str:
    return pd.Timestamp(instant).tz_convert("Asia/Kolkata").strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    ("argument", "member"),
    [("status", "status"), ("assigned_agent", "assignedAgent"), ("account_number", "accountNumber")],
)
def test_customers_are_filtered(
    client: Client, customers: list[dict[str, Any]], argument: str, member: str
) -> None:
    for value, count in Counter(customer[member] for customer in customers).most_common(3):
        frame = client.customers.fetch(**{argument: value})
        assert len(frame) == count
        assert_holds(frame, [each for each in customers if each[member] == value], "customerId")


def test_customers_are_filtered_by_id_and_unknown_ids_are_absent(
    client: Client, customers: list[dict[str, Any]]
) -> None:
    wanted = customers[3:30:5]
    ids = pd.Series([customer["customerId"] for customer in wanted] + ["KC00000000000000"])
    assert_holds(client.customers.fetch(customer_ids=ids), wanted, "customerId")
    assert_holds(client.customers.snapshot(list(ids)), wanted, "customerId")


@pytest.mark.parametrize("as_date", [False, True])
def test_days_are_taken_with_both_ends(client: Client, invoices: list[dict[str, Any]], as_date: bool) -> None:
    days = sorted(invoice["dueDate"] for invoice in invoices)
    first, last = days[60], days[-60]
    given: list[Any] = [dt.date.fromisoformat(day) if as_date else day for day in (first, last)]

    def due(earliest: str, latest: str) -> list[str]:
        return sorted(each["invoiceId"] for each in invoices if earliest <= each["dueDate"] <= latest)

    def fetched(**days: Any) -> list[str]:
        return client.invoices.fetch(**days)["invoice_id"].tolist()

    assert fetched(due_from=given[0], due_to=given[1]) == due(first, last)
    assert fetched(due_from=given[0], due_to=given[0]) == due(first, first) != []
    assert fetched(due_from=given[0]) == due(first, "9999")
    assert fetched(due_to=given[1]) == due("", last)
    assert fetched(due_from=given[1], due_to=given[0]) == []


@pytest.mark.parametrize("dispatched", [False, True])
def test_invoices_are_filtered_by_dispatch(
    client: Client, invoices: list[dict[str, Any]], dispatched: bool
) -> None:
    frame = client.invoices.fetch(dispatched=dispatched)
    assert len(frame) == sum(invoice["dispatched"] is dispatched for invoice in invoices)


def test_invoices_are_filtered_by_customer_and_status_together(
    client: Client, invoices: list[dict[str, Any]]
) -> None:
    owners = {invoice["customerId"] for invoice in invoices[:5]}
    statuses = {invoice["receivableStatus"]["name"] for invoice in invoices}
    assert len(statuses) > 1
    for status in statuses:
        frame = client.invoices.fetch(customer_ids=owners, status=status)
        expected = [
            invoice["invoiceId"]
            for invoice in invoices
            if invoice["customerId"] in owners and invoice["receivableStatus"]["name"] == status
        ]
        assert frame["invoice_id"].tolist() == sorted(expected)


def test_nothing_found_is_a_frame_like_any_other(client: Client) -> None:
    for found, empty in [
        (client.customers.fetch(), client.customers.fetch(assigned_agent="Nobody")),
        (client.customers.fetch(), client.customers.snapshot([])),
        (client.invoices.fetch(), client.invoices.fetch(due_from="2999-01-01")),
        (client.invoices.fetch(), client.invoices.fetch(customer_ids=[])),
    ]:
        declared = list(empty.columns)
        assert len(empty) == 0
        assert list(found.columns)[: len(declared)] == declared
        kinds = [frame[declared].dtypes.astype(str).to_dict() for frame in (found, empty)]
        assert kinds[0] == kinds[1]


@pytest.mark.parametrize("day", ["30-09-2026", "2026-13-01", "", "today", 20260930, pd.NaT])
@pytest.mark.parametrize("argument", ["due_from", "due_to"])
def test_a_day_that_is_none_is_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, argument: str, day: Any
) -> None:
    before = len(sandbox.history())
    with pytest.raises(UsageError, match=f"{argument} must be a date"):
        client.invoices.fetch(**{argument: day})
    assert len(sandbox.history()) == before


def test_one_id_in_place_of_a_list_is_refused(client: Client) -> None:
    for noun in (client.customers, client.invoices):
        with pytest.raises(UsageError, match="list of ids"):
            noun.fetch(customer_ids="KC00000000000000")


def test_one_invoice_is_the_row_that_fetch_has(client: Client) -> None:
    frame = client.invoices.fetch()
    row = frame.iloc[7]
    got = client.invoices.get(row["invoice_id"])
    present = row.dropna()
    assert got[present.index].tolist() == present.tolist()


def test_an_invoice_that_nobody_knows_is_an_error_of_the_server(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.invoices.get("no such/invoice")
    assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")


@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_a_server_that_refuses_a_filter_by_ids_costs_a_search_and_no_result(
    client: Client, sandbox: Sandbox, customers: list[dict[str, Any]], status: int
) -> None:
    sandbox.faults.add(operation="searchCustomer", status=status, error_type="VALIDATION_ERROR")
    ids = [customer["customerId"] for customer in customers[:3]]
    assert_holds(client.customers.snapshot(ids), customers[:3], "customerId")


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
def altered(client: Client) -> Iterator[Altered]:
    transport = Altered(10)
    yield transport
    transport.close()


def test_a_server_that_ignores_a_filter_by_ids_gives_only_what_was_asked_for(
    client: Client, altered: Altered, customers: list[dict[str, Any]], tmp_path: Path
) -> None:
    altered.filters = {}
    nouns = Customers(Calls(client.profile, altered), tmp_path)
    ids = [customer["customerId"] for customer in customers[:3]]
    assert_holds(nouns.snapshot(ids), customers[:3], "customerId")


@pytest.mark.parametrize("count", [0, 2])
def test_a_server_that_ignores_customers_gives_only_their_invoices(
    client: Client, altered: Altered, invoices: list[dict[str, Any]], count: int
) -> None:
    altered.filters = {}
    owners = sorted({invoice["customerId"] for invoice in invoices})[:count]
    frame = Invoices(Calls(client.profile, altered)).fetch(customer_ids=owners)
    expected = [invoice["invoiceId"] for invoice in invoices if invoice["customerId"] in owners]
    assert frame["invoice_id"].tolist() == sorted(expected)


def test_the_last_day_is_asked_for_to_its_end(client: Client, altered: Altered) -> None:
    """For a server to which a due day is any moment of it."""
    Invoices(Calls(client.profile, altered)).fetch(due_from="2026-09-01", due_to=dt.date(2026, 9, 30))
    days = {"dueDateFrom": "2026-09-01 00:00:00", "dueDateTo": "2026-09-30 23:59:59"}
    assert json.loads(altered.asked[-1].body or b"") == days


def test_a_server_that_knows_other_filters_by_ids_does_not_hide_a_customer(
    client: Client, altered: Altered, customers: list[dict[str, Any]], tmp_path: Path
) -> None:
    """It takes ids for something else and finds one customer of three: all are searched then."""

    class OneOfThem(Altered):
        def read(self, request: Request, *, where: str, max_bytes: int = 10**8) -> Answer:
            asked = json.loads(request.body or b"{}").get("customerIds")
            self.filters = {"customerIds": asked[:1]} if asked else {}
            return super().read(request, where=where, max_bytes=max_bytes)

    transport = OneOfThem(10)
    nouns = Customers(Calls(client.profile, transport), tmp_path)
    ids = [customer["customerId"] for customer in customers[:3]]
    assert_holds(nouns.snapshot(ids), customers[:3], "customerId")
    transport.close()


@pytest.mark.parametrize(
    "payload",
    [
        {"customers": [{"customerId": "K1"}], "totalCount": 2},
        {"customers": [{"customerId": "K1"}, {"customerId": "K1", "legalName": "B"}]},
        {"customers": [{"legalName": "A"}]},
        {"customers": [{"customerId": "K1", "legalName": 1}], "totalCount": 1},
        {"customers": [], "others": []},
        "customers",
    ],
)
def test_a_set_that_is_not_whole_is_an_error_and_no_frame(
    client: Client, altered: Altered, tmp_path: Path, payload: Any
) -> None:
    altered.payload = payload
    with pytest.raises(ContractError):
        Customers(Calls(client.profile, altered), tmp_path).fetch()
