"""Searching and reading invoices."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import yaml

from arkit.sandbox import Sandbox

from .conftest import Api

CONTRACT = yaml.safe_load((Path(__file__).parents[2] / "data" / "openapi.yaml").read_text())
FIELDS = set(CONTRACT["components"]["schemas"]["Invoice"]["properties"])
FILTERS = set(CONTRACT["components"]["schemas"]["InvoiceSearch"]["properties"])
MONEY = ["balanceAmount", "baseAmount", "cgst", "igst", "netAmount", "sgst", "tds", "totalReceived"]


@pytest.fixture(scope="module")
def whole(still: Api) -> list[dict[str, Any]]:
    return still.invoices()["invoices"]


@pytest.fixture(scope="module")
def owners(still: Api) -> dict[str, dict[str, Any]]:
    return {customer["customerId"]: customer for customer in still.customers(limit=5000)["customers"]}


def local(instant: str) -> str:
    """An instant in UTC as the filters write it: local time, spaced."""
    moment = datetime.fromisoformat(instant) + timedelta(hours=5, minutes=30)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def test_every_field_of_the_contract_is_in_each_record(whole: list[dict[str, Any]]) -> None:
    for invoice in whole:
        missing = FIELDS - set(invoice)
        assert missing == (set() if invoice["dispatched"] else {"dispatchedOn"})
        assert set(invoice) <= FIELDS
        assert None not in invoice.values()
    assert {invoice["dispatched"] for invoice in whole} == {True, False}


def test_money_leaves_as_numbers_with_exactly_two_decimals(still: Api) -> None:
    text = still.send("POST", "/api/v0/invoice/search?limit=500", json={}).text
    for name in MONEY:
        written = re.findall(rf'"{name}":([^,}}]*)', text)
        assert len(written) == 500
        assert all(re.fullmatch(r"-?[0-9]+\.[0-9]{2}", amount) for amount in written)


def test_pages_make_up_the_whole_in_both_directions(still: Api, whole: list[dict[str, Any]]) -> None:
    pages = [still.invoices(limit=500, offset=offset)["invoices"] for offset in (0, 500, 1000)]
    assert [invoice for page in pages for invoice in page] == whole
    assert still.invoices(direction="DESC")["invoices"] == whole[::-1]
    assert still.invoices(limit=0) == {"invoices": [], "totalCount": 1200}
    assert len(still.send("POST", "/api/v0/invoice/search", json={}).json()["payload"]["invoices"]) == 50


@pytest.mark.parametrize("order_by", sorted(FIELDS))
def test_invoices_can_be_ordered_by_any_field(still: Api, whole: list[dict[str, Any]], order_by: str) -> None:
    found = still.invoices(orderBy=order_by)["invoices"]

    def key(invoice: dict[str, Any]) -> Any:
        value = invoice.get(order_by, "")
        value = value["name"] if isinstance(value, dict) else value
        return (value if not isinstance(value, list) else 0, invoice["invoiceId"])

    assert found == sorted(whole, key=key)


def cases(whole: list[dict[str, Any]], owners: dict[str, dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """For each filter a value and which invoices it should leave."""
    middle = sorted(whole, key=lambda invoice: invoice["createdOn"])[600]
    balance = sorted(invoice["balanceAmount"] for invoice in whole)[900]
    base = sorted(invoice["baseAmount"] for invoice in whole)[600]
    sent = sorted(invoice["dispatchedOn"] for invoice in whole if invoice["dispatched"])[500]
    due = middle["dueDate"]
    some_ids = [whole[0]["customerId"], whole[7]["customerId"], "KC00000000000000"]
    return {
        "approvalStatuses": (
            ["BANK_APPROVED", "MAKER_REJECTED"],
            lambda i: i["approvalStatus"]["name"] == "BANK_APPROVED",
        ),
        "balanceAmountFrom": (balance, lambda i: i["balanceAmount"] >= balance),
        "balanceAmountTo": (balance, lambda i: i["balanceAmount"] <= balance),
        "baseAmountFrom": (base, lambda i: i["baseAmount"] >= base),
        "baseAmountTo": (base, lambda i: i["baseAmount"] <= base),
        "createdOnFrom": (local(middle["createdOn"]), lambda i: i["createdOn"] >= middle["createdOn"]),
        "createdOnTo": (local(middle["createdOn"]), lambda i: i["createdOn"] <= middle["createdOn"]),
        "createdVia": ("TALLY", lambda i: i["via"] == "TALLY"),
        "customerIds": (some_ids, lambda i: i["customerId"] in some_ids),
        "customerLegalName": ("LIMITED", lambda i: "limited" in i["customerLegalName"].lower()),
        "customerStatus": ("INACTIVE", lambda i: owners[i["customerId"]]["status"] == "INACTIVE"),
        "dispatched": (False, lambda i: not i["dispatched"]),
        "dispatchedOnFrom": (local(sent), lambda i: i.get("dispatchedOn", "") >= sent),
        "dispatchedOnTo": (local(sent), lambda i: i.get("dispatchedOn", "9") <= sent),
        "dueDateFrom": (f"{due} 00:00:00", lambda i: i["dueDate"] >= due),
        "dueDateTo": (f"{due} 00:00:00", lambda i: i["dueDate"] <= due),
    }


@pytest.mark.parametrize("name", sorted(FILTERS - {"collectionMode", "customerDeleted"}))
def test_each_filter_leaves_exactly_what_it_says(
    still: Api, whole: list[dict[str, Any]], owners: dict[str, dict[str, Any]], name: str
) -> None:
    value, belongs = cases(whole, owners)[name]
    expected = [invoice for invoice in whole if belongs(invoice)]
    assert 0 < len(expected) < len(whole)
    found = still.invoices({name: value})
    assert found == {"invoices": expected, "totalCount": len(expected)}


def test_the_filters_on_what_is_not_shown_part_the_invoices(still: Api) -> None:
    modes = ["PAYMENT_LINK", "VIRTUAL_ACCOUNT", "BANK_TRANSFER"]
    counts = [still.invoices({"collectionMode": [mode]}, limit=0)["totalCount"] for mode in modes]
    assert min(counts) > 0
    assert sum(counts) == 1200
    assert still.invoices({"customerDeleted": True}, limit=0)["totalCount"] == 0
    assert still.invoices({"customerDeleted": False}, limit=0)["totalCount"] == 1200


def test_amounts_are_compared_to_the_paisa(still: Api, whole: list[dict[str, Any]]) -> None:
    amount = Decimal(str(whole[0]["baseAmount"]))
    exact = {"baseAmountFrom": float(amount), "baseAmountTo": float(amount)}
    assert whole[0] in still.invoices(exact)["invoices"]
    above = {"baseAmountFrom": float(amount + Decimal("0.001")), "baseAmountTo": float(amount + 1)}
    assert whole[0] not in still.invoices(above)["invoices"]


def test_a_due_day_is_its_own_midnight(still: Api, whole: list[dict[str, Any]]) -> None:
    due = whole[600]["dueDate"]
    after_noon = still.invoices({"dueDateFrom": f"{due} 12:00:00"})["invoices"]
    assert all(invoice["dueDate"] > due for invoice in after_noon)
    until_noon = still.invoices({"dueDateTo": f"{due} 12:00:00"})["invoices"]
    assert max(invoice["dueDate"] for invoice in until_noon) == due


@pytest.mark.parametrize(
    "text", ["2026-02-30 00:00:00", "2026-02-03", "2026-02-03T00:00:00", "0000-01-01 00:00:00"]
)
def test_a_date_that_is_none_is_refused(still: Api, text: str) -> None:
    answer = still.send("POST", "/api/v0/invoice/search", json={"createdOnTo": text})
    error = answer.json()["errorResponse"]
    assert (answer.status_code, error["errorType"]) == (400, "VALIDATION_ERROR")
    assert error["apiSubErrors"][0]["field"] == "createdOnTo"


@pytest.mark.parametrize("text", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
@pytest.mark.parametrize("name", ["createdOnFrom", "createdOnTo", "dueDateFrom", "dueDateTo"])
def test_the_ends_of_the_calendar_are_dates_too(still: Api, name: str, text: str) -> None:
    expected = 1200 if name.endswith("To") == (text[0] == "9") else 0
    assert still.invoices({name: text}, limit=0)["totalCount"] == expected


@pytest.mark.parametrize("amount", [1e300, 10**400, -(10**30)])
def test_amounts_beyond_all_measure_are_bounds_like_others(still: Api, amount: float) -> None:
    answer = still.send("POST", "/api/v0/invoice/search", json={"baseAmountTo": amount})
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert answer.json()["payload"]["totalCount"] == (1200 if amount > 0 else 0)


def test_one_invoice_is_read_as_it_is_found(still: Api, whole: list[dict[str, Any]]) -> None:
    path = f"/api/v0/invoice/{whole[5]['invoiceId']}"
    assert still.send("GET", path).json()["payload"] == whole[5]
    own = {"sellerId": still.sandbox.credentials.company_id}
    assert still.send("GET", path, params=own).json()["payload"] == whole[5]


def test_a_page_of_5000_invoices_comes_quickly_wherever_it_lies_among_many(tmp_path: Path) -> None:
    with Sandbox(db=tmp_path / "large.db", customers=2_000, invoices=100_000) as sandbox:
        api = Api(sandbox)
        times = []
        for offset in (0, 45_000, 50_000, 95_000):
            start = perf_counter()
            answer = api.send("POST", f"/api/v0/invoice/search?limit=5000&offset={offset}", json={})
            times.append(perf_counter() - start)
            assert answer.json()["payload"]["totalCount"] == 100_000
        api.session.close()
    # 50 ms on a quiet machine; room for a busy one.
    assert sorted(times)[1] < 0.25
