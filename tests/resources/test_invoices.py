"""Invoices and their attachments that are fetched, beside what plain requests get from the same server."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from arkit.client import Client
from arkit.errors import ApiError, UsageError
from arkit.resources import Invoices
from arkit.sandbox import Sandbox
from arkit.wire.calls import Calls

from .conftest import Altered, Json, assert_empty_like, assert_holds, profile_in


def in_india(instant: str) -> str:
    return pd.Timestamp(instant).tz_convert("Asia/Kolkata").strftime("%Y-%m-%d")


def test_all_are_fetched_with_all_they_have(client: Client, invoices: list[Json]) -> None:
    assert len(invoices) == 300
    frame = client.invoices.fetch()
    dated = [{**invoice, "invoiceDate": in_india(invoice["invoiceDate"])} for invoice in invoices]
    assert_holds(frame, dated, "invoiceId")
    assert frame["net_amount"].sum() == sum(invoice["netAmount"] for invoice in invoices)


def fetched(client: Client, **filters: Any) -> list[str]:
    return client.invoices.fetch(**filters)["invoice_id"].tolist()


def those(invoices: list[Json], first: Any, last: Any, member: str) -> list[str]:
    return sorted(invoice["invoiceId"] for invoice in invoices if first <= invoice[member] <= last)


@pytest.mark.parametrize("as_date", [False, True])
def test_days_are_taken_with_both_ends(client: Client, invoices: list[Json], as_date: bool) -> None:
    days = sorted(invoice["dueDate"] for invoice in invoices)
    first, last = days[60], days[-60]
    given: list[Any] = [dt.date.fromisoformat(day) if as_date else day for day in (first, last)]
    assert fetched(client, due_from=given[0], due_to=given[1]) == those(invoices, first, last, "dueDate")
    assert fetched(client, due_from=given[0], due_to=given[0]) == those(invoices, first, first, "dueDate")
    assert fetched(client, due_from=given[0]) == those(invoices, first, "9999", "dueDate")
    assert fetched(client, due_to=given[1]) == those(invoices, "", last, "dueDate")
    assert fetched(client, due_from=given[1], due_to=given[0]) == []


@pytest.mark.parametrize(("noun", "member"), [("created", "createdOn"), ("dispatched", "dispatchedOn")])
def test_the_days_of_an_instant_are_days_in_india(
    client: Client, invoices: list[Json], noun: str, member: str
) -> None:
    held = [{**invoice, member: in_india(invoice[member])} for invoice in invoices if member in invoice]
    days = sorted(invoice[member] for invoice in held)
    first, last = days[60], days[-60]
    filters = {f"{noun}_from": first, f"{noun}_to": last}
    assert fetched(client, **filters) == those(held, first, last, member)


def test_a_moment_is_taken_to_the_second_wherever_its_clock_is(client: Client, invoices: list[Json]) -> None:
    moments = sorted(dt.datetime.fromisoformat(invoice["createdOn"]) for invoice in invoices)
    expected = [
        invoice["invoiceId"]
        for invoice in sorted(invoices, key=lambda invoice: invoice["invoiceId"])
        if dt.datetime.fromisoformat(invoice["createdOn"]) >= moments[150]
    ]
    in_kolkata = moments[150].astimezone(ZoneInfo("Asia/Kolkata"))
    for moment in (moments[150], in_kolkata, in_kolkata.replace(tzinfo=None)):
        assert fetched(client, created_from=moment) == expected
    assert len(fetched(client, created_from=moments[150] + dt.timedelta(seconds=1))) < len(expected)


@pytest.mark.parametrize(("noun", "member"), [("balance", "balanceAmount"), ("base", "baseAmount")])
def test_amounts_are_compared_to_the_paisa(
    client: Client, invoices: list[Json], noun: str, member: str
) -> None:
    amounts = sorted({invoice[member] for invoice in invoices if invoice[member]})
    first, last = amounts[20], amounts[-20]
    paisa = Decimal("0.01")
    for lowest in (first, str(first), first + paisa):
        found = fetched(client, **{f"{noun}_from": lowest, f"{noun}_to": last})
        assert found == those(invoices, Decimal(lowest), last, member)
    assert fetched(client, **{f"{noun}_from": first, f"{noun}_to": first}) == those(
        invoices, first, first, member
    )


def test_they_are_filtered_by_dispatch_and_approval(client: Client, invoices: list[Json]) -> None:
    for dispatched in (True, False):
        expected = [each["invoiceId"] for each in invoices if each["dispatched"] is dispatched]
        assert fetched(client, dispatched=dispatched) == sorted(expected) != []
    for wanted in (["MAKER_APPROVAL_PENDING"], ("MAKER_APPROVAL_PENDING", "CHECKER_APPROVED")):
        expected = [each["invoiceId"] for each in invoices if each["approvalStatus"]["name"] in wanted]
        assert fetched(client, approval_statuses=wanted) == sorted(expected) != []


def test_they_are_filtered_by_what_their_customer_is(
    client: Client, customers: list[Json], invoices: list[Json]
) -> None:
    statuses = {customer["customerId"]: customer["status"] for customer in customers}
    for status in set(statuses.values()):
        expected = [each["invoiceId"] for each in invoices if statuses[each["customerId"]] == status]
        assert fetched(client, customer_status=status) == sorted(expected)
    assert fetched(client, customer_deleted=True) == []
    assert len(fetched(client, customer_deleted=False)) == len(invoices)


def test_they_are_filtered_by_customer_and_status_together(client: Client, invoices: list[Json]) -> None:
    owners = {invoice["customerId"] for invoice in invoices[:5]}
    statuses = {invoice["receivableStatus"]["name"] for invoice in invoices}
    assert len(statuses) > 1
    for status in statuses:
        expected = [
            invoice["invoiceId"]
            for invoice in invoices
            if invoice["customerId"] in owners and invoice["receivableStatus"]["name"] == status
        ]
        assert fetched(client, customer_ids=owners, status=status) == sorted(expected)


def test_nothing_found_is_a_frame_like_any_other(client: Client) -> None:
    found = client.invoices.fetch()
    assert_empty_like(client.invoices.fetch(due_from="2999-01-01"), found)
    assert_empty_like(client.invoices.fetch(customer_ids=[]), found)


@pytest.mark.parametrize("day", ["30-09-2026", "2026-13-01", "", "today", 20260930, pd.NaT])
@pytest.mark.parametrize("argument", ["due_from", "due_to", "created_from", "dispatched_to"])
def test_a_day_that_is_none_is_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, argument: str, day: Any
) -> None:
    before = len(sandbox.history())
    with pytest.raises(UsageError, match=f"{argument} must be a date"):
        client.invoices.fetch(**{argument: day})
    assert len(sandbox.history()) == before


@pytest.mark.parametrize("argument", ["balance_from", "balance_to", "base_from", "base_to"])
@pytest.mark.parametrize("value", [1180.5, 0.1, float("nan"), True, "1,180", "1.005", "NaN", "", "Infinity"])
def test_an_amount_that_is_not_exact_is_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, argument: str, value: Any
) -> None:
    before = len(sandbox.history())
    with pytest.raises(UsageError, match=f"{argument} must be an exact amount"):
        client.invoices.fetch(**{argument: value})
    assert len(sandbox.history()) == before


def test_one_id_in_place_of_a_list_is_refused(client: Client) -> None:
    for fetch in (client.invoices.fetch, client.invoices.attachments):
        with pytest.raises(UsageError, match="list of ids"):
            fetch(customer_ids="KC00000000000000")


def test_one_invoice_is_the_row_that_fetch_has(client: Client) -> None:
    row = client.invoices.fetch().iloc[7]
    got = client.invoices.get(row["invoice_id"])
    present = row.dropna()
    assert got[present.index].tolist() == present.tolist()


def test_an_invoice_that_nobody_knows_is_an_error_of_the_server(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.invoices.get("no such/invoice")
    assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")


@pytest.mark.parametrize("count", [0, 2])
def test_a_server_that_ignores_customers_gives_only_their_invoices(
    sandbox: Sandbox, altered: Altered, invoices: list[Json], count: int
) -> None:
    altered.filters = {}
    owners = sorted({invoice["customerId"] for invoice in invoices})[:count]
    frame = Invoices(Calls(profile_in(sandbox), altered)).fetch(customer_ids=owners)
    expected = [invoice["invoiceId"] for invoice in invoices if invoice["customerId"] in owners]
    assert frame["invoice_id"].tolist() == sorted(expected)


def test_the_last_day_is_asked_for_to_its_end(sandbox: Sandbox, altered: Altered) -> None:
    """For a server to which a due day is any moment of it."""
    nouns = Invoices(Calls(profile_in(sandbox), altered))
    nouns.fetch(due_from="2026-09-01", due_to=dt.date(2026, 9, 30))
    days = {"dueDateFrom": "2026-09-01 00:00:00", "dueDateTo": "2026-09-30 23:59:59"}
    assert json.loads(altered.asked[-1].body or b"") == days


ATTACHED = [
    {"invoiceAttachmentId": "A2", "originalFilename": "bill.pdf", "primary": True, "attachmentSource": None},
    {"invoiceAttachmentId": "A1", "attachmentSource": {"label": "Tally", "name": "TALLY_INVOICE"}},
]
HOLDERS = [
    {"invoiceId": "I2", "customerId": "K1", "invoiceAttachments": ATTACHED},
    {"invoiceId": "I3", "customerId": "K1", "invoiceAttachments": []},
    {"invoiceId": "I1", "customerId": "K2", "invoiceAttachments": [{"invoiceAttachmentId": "A3", "x": 1}]},
    {"invoiceId": "I4", "customerId": "K2"},
]


@pytest.fixture
def holding(sandbox: Sandbox, altered: Altered) -> Invoices:
    altered.payload = {"invoices": HOLDERS, "totalCount": len(HOLDERS)}
    return Invoices(Calls(profile_in(sandbox), altered))


def test_attachments_come_by_invoice_in_the_order_of_the_server(holding: Invoices) -> None:
    frame = holding.attachments()
    assert frame["invoice_id"].tolist() == ["I1", "I2", "I2"]
    assert frame["invoice_attachment_id"].tolist() == ["A3", "A2", "A1"]
    assert frame["attachment_source"].astype(object).fillna("").tolist() == ["", "", "TALLY_INVOICE"]
    assert frame["primary"].tolist()[1] is True
    assert frame["x"].tolist()[0] == 1


def test_attachments_are_those_of_the_customers_asked_for(holding: Invoices, client: Client) -> None:
    found = holding.attachments()
    assert holding.attachments(customer_ids=["K2"])["invoice_id"].tolist() == ["I1"]
    assert_empty_like(holding.attachments(customer_ids=["K9"]), found)
    assert_empty_like(client.invoices.attachments(due_from="2026-04-01", due_to="2026-04-30"), found)
