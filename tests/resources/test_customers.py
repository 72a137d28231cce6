"""Customers that are fetched, beside what plain requests get from the same server."""

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from arkit.client import Client
from arkit.errors import ApiError, ContractError, UsageError
from arkit.resources import Customers
from arkit.resources.customers import hidden_members
from arkit.sandbox import Sandbox
from arkit.wire.calls import Calls
from arkit.wire.transport import Answer, Request

from .conftest import Altered, Json, assert_empty_like, assert_holds, profile_in


def test_all_are_fetched_with_all_they_have(client: Client, customers: list[Json]) -> None:
    assert len(customers) == 40
    assert_holds(client.customers.fetch(), customers, "customerId")


@pytest.mark.parametrize(
    ("argument", "member"),
    [("status", "status"), ("assigned_agent", "assignedAgent"), ("account_number", "accountNumber")],
)
def test_they_are_filtered(client: Client, customers: list[Json], argument: str, member: str) -> None:
    for value, count in Counter(customer[member] for customer in customers).most_common(3):
        frame = client.customers.fetch(**{argument: value})
        assert len(frame) == count
        assert_holds(frame, [each for each in customers if each[member] == value], "customerId")


def test_they_are_filtered_by_id_and_unknown_ids_are_absent(client: Client, customers: list[Json]) -> None:
    wanted = customers[3:30:5]
    ids = pd.Series([customer["customerId"] for customer in wanted] + ["KC00000000000000"])
    assert_holds(client.customers.fetch(customer_ids=ids), wanted, "customerId")
    assert_holds(client.customers.snapshot(list(ids)), wanted, "customerId")


def test_nothing_found_is_a_frame_like_any_other(client: Client) -> None:
    found = client.customers.fetch()
    assert_empty_like(client.customers.fetch(assigned_agent="Nobody"), found)
    assert_empty_like(client.customers.fetch(customer_ids=[]), found)
    assert_empty_like(client.customers.snapshot([]), found)


def test_one_id_in_place_of_a_list_is_refused(client: Client) -> None:
    with pytest.raises(UsageError, match="list of ids"):
        client.customers.fetch(customer_ids="KC00000000000000")


def test_one_customer_is_the_row_that_fetch_has(client: Client) -> None:
    row = client.customers.fetch().iloc[7]
    got = client.customers.get(row["customer_id"])
    present = row.dropna()
    assert got[present.index].tolist() == present.tolist()


def test_a_customer_that_nobody_knows_is_an_error(client: Client) -> None:
    with pytest.raises(ApiError, match="no customer of this id") as caught:
        client.customers.get("KC00000000000000")
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_a_server_that_refuses_a_filter_by_ids_costs_a_search_and_no_result(
    client: Client, sandbox: Sandbox, customers: list[Json], status: int
) -> None:
    sandbox.faults.add(operation="searchCustomer", status=status, error_type="VALIDATION_ERROR")
    ids = [customer["customerId"] for customer in customers[:3]]
    assert_holds(client.customers.snapshot(ids), customers[:3], "customerId")


def test_a_server_that_ignores_a_filter_by_ids_gives_only_what_was_asked_for(
    sandbox: Sandbox, altered: Altered, customers: list[Json], tmp_path: Path
) -> None:
    altered.filters = {}
    nouns = Customers(Calls(profile_in(sandbox), altered), tmp_path)
    ids = [customer["customerId"] for customer in customers[:3]]
    assert_holds(nouns.snapshot(ids), customers[:3], "customerId")


def test_a_server_that_knows_other_filters_by_ids_does_not_hide_a_customer(
    sandbox: Sandbox, customers: list[Json], tmp_path: Path
) -> None:
    """It takes ids for something else and finds one customer of three: all are searched then."""

    class OneOfThem(Altered):
        def read(self, request: Request, *, where: str, max_bytes: int = 10**8) -> Answer:
            is_filtered = b"customerIds" in (request.body or b"")
            self.filters = {"customerIds": [customers[0]["customerId"]]} if is_filtered else {}
            return super().read(request, where=where, max_bytes=max_bytes)

    transport = OneOfThem(10)
    nouns = Customers(Calls(profile_in(sandbox), transport), tmp_path)
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
    sandbox: Sandbox, altered: Altered, tmp_path: Path, payload: Any
) -> None:
    altered.payload = payload
    with pytest.raises(ContractError):
        Customers(Calls(profile_in(sandbox), altered), tmp_path).fetch()


def test_members_that_the_search_does_not_show_are_told_from_those_it_shows_empty(client: Client) -> None:
    assert hidden_members(client.calls, ["address", "branchCodes"]) == set()
    assert hidden_members(client.calls, ["address", "creditLimit"]) == {"creditLimit"}


def test_nothing_counts_as_hidden_where_the_server_leaves_out_what_is_empty(
    sandbox: Sandbox, altered: Altered
) -> None:
    altered.payload = {"customers": [{"customerId": "K1", "legalName": "A"}]}
    assert hidden_members(Calls(profile_in(sandbox), altered), ["address"]) == set()
