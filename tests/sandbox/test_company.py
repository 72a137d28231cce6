"""The seeded company: plausible, valid, footing, and the same for the same seed."""

import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import pytest

from arkit.sandbox import SEEDED_ON, Sandbox, fields, identifiers, words

from .conftest import Api


@pytest.fixture(scope="module")
def customers(still: Api) -> list[dict]:
    return still.customers(limit=5000)["customers"]


@pytest.fixture(scope="module")
def invoices(still: Api) -> list[dict]:
    answer = still.send("POST", "/api/v0/invoice/search?limit=5000", json={})
    return answer.json(parse_float=Decimal)["payload"]["invoices"]


def test_the_company_has_the_size_asked_for(customers: list[dict], invoices: list[dict]) -> None:
    assert (len(customers), len(invoices)) == (200, 1200)


def test_every_field_of_every_customer_would_pass_the_server_s_own_check(customers: list[dict]) -> None:
    assert [error for customer in customers for error in fields.faults(customer)] == []
    contacts = [contact for customer in customers for contact in customer["customerKeyContacts"]]
    assert fields.contact_faults(contacts) == []
    assert all(re.fullmatch(r"KC[A-Z0-9]{14}", customer["customerId"]) for customer in customers)
    assert all(re.search(r"@example\.(com|in)$", contact["email"]) for contact in contacts)


def test_tax_number_pin_code_and_state_belong_together(customers: list[dict]) -> None:
    codes = {name: code for code, name in identifiers.STATES.items()}
    prefixes = {(place.state_code, place.pin_prefix) for place in words.PLACES}
    for customer in customers:
        code = codes[customer["state"]]
        assert (code, customer["pinCode"][:3]) in prefixes
        if len(customer["panOrGstin"]) == 15:
            assert customer["panOrGstin"][:2] == code


def test_the_company_has_a_bit_of_everything(customers: list[dict]) -> None:
    count = len(customers)
    assert 1 <= sum(len(customer["panOrGstin"]) == 10 for customer in customers) < count / 8
    assert 1 <= sum(customer["status"] == "INACTIVE" for customer in customers) < count / 8
    assert 10 <= sum(customer["accountNumber"].startswith("0") for customer in customers) < count / 2
    assert {len(customer["customerKeyContacts"]) for customer in customers} == {1, 2, 3}
    assert {len(customer["branchCodes"]) for customer in customers} == {1, 2, 3}
    assert len({customer["customerId"] for customer in customers}) == count
    assert len({customer["uniqueRefNo"] for customer in customers}) == count


def test_amounts_foot_to_the_paisa(invoices: list[dict]) -> None:
    for invoice in invoices:
        taxes = invoice["cgst"] + invoice["sgst"] + invoice["igst"]
        assert invoice["netAmount"] == invoice["baseAmount"] + taxes - invoice["tds"]
        assert invoice["balanceAmount"] == invoice["netAmount"] - invoice["totalReceived"]
        assert invoice["cgst"] == invoice["sgst"]
        assert (invoice["igst"] == 0) != (invoice["cgst"] == 0)
        rate = taxes / invoice["baseAmount"] * 100
        assert min(abs(rate - percent) for percent in (5, 12, 18)) < Decimal("0.05")


def test_tax_is_split_inside_the_seller_s_state_and_whole_beyond_it(
    still: Api, customers: list[dict], invoices: list[dict]
) -> None:
    states = {customer["customerId"]: customer["state"] for customer in customers}
    split = {states[invoice["customerId"]] for invoice in invoices if invoice["cgst"]}
    whole = {states[invoice["customerId"]] for invoice in invoices if invoice["igst"]}
    assert len(split) == 1
    assert split.isdisjoint(whole)
    assert len(whole) > 5


def test_status_and_balance_agree(invoices: list[dict]) -> None:
    for invoice in invoices:
        received, balance = invoice["totalReceived"], invoice["balanceAmount"]
        expected = "PAID" if balance == 0 else "PARTIALLY_PAID" if received else "PENDING"
        assert invoice["receivableStatus"]["name"] == expected
    share = Counter(invoice["receivableStatus"]["name"] for invoice in invoices)
    assert min(share.values()) > 20


def test_due_days_lie_in_two_financial_years_and_nothing_happens_after_today(invoices: list[dict]) -> None:
    due = [date.fromisoformat(invoice["dueDate"]) for invoice in invoices]
    assert date(2025, 4, 1) <= min(due) < date(2025, 5, 1)
    assert date(2027, 3, 1) < max(due) <= date(2027, 3, 31)
    instants = ("invoiceDate", "createdOn", "modifiedOn", "dispatchedOn")
    latest = max(invoice[name] for invoice in invoices for name in instants if name in invoice)
    assert latest[:10] <= SEEDED_ON.isoformat()
    assert all(invoice["invoiceDate"][:10] <= invoice["dueDate"] for invoice in invoices)
    open_due = [date.fromisoformat(i["dueDate"]) for i in invoices if i["balanceAmount"]]
    assert min(open_due) < SEEDED_ON - timedelta(days=90)
    assert max(open_due) > SEEDED_ON + timedelta(days=90)


def test_an_invoice_is_issued_on_the_same_day_in_india_and_in_utc(invoices: list[dict]) -> None:
    assert all("04:30" <= invoice["invoiceDate"][11:16] < "18:30" for invoice in invoices)


def test_invoice_numbers_obey_rule_46_and_are_consecutive(invoices: list[dict]) -> None:
    numbers = [invoice["invoiceNumber"] for invoice in invoices]
    assert all(re.fullmatch(r"[A-Z1-9][A-Z0-9/-]{0,15}", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    serials: dict[str, list[int]] = {}
    for invoice in sorted(invoices, key=lambda invoice: invoice["invoiceDate"][:10]):
        series, _, serial = invoice["invoiceNumber"].rpartition("/")
        serials.setdefault(series, []).append(int(serial))
        issued = date.fromisoformat(invoice["invoiceDate"][:10])
        year = issued.year % 100 - (issued.month < 4)
        assert series == f"AR/{year:02d}-{year + 1:02d}"
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in serials.values())
    assert len(serials) == 3


def test_few_customers_own_many_invoices(invoices: list[dict]) -> None:
    owned = sorted(Counter(invoice["customerId"] for invoice in invoices).values(), reverse=True)
    assert sum(owned[:20]) > 0.4 * len(invoices)


def test_the_same_seed_gives_the_same_company_but_other_secrets(tmp_path: Path) -> None:
    contents = []
    for name in ("one.db", "two.db", "three.db"):
        with Sandbox(db=tmp_path / name, customers=30, invoices=60, seed=7 + (name == "three.db")) as sandbox:
            api = Api(sandbox)
            found = (api.customers(limit=5000), api.invoices())
            api.session.close()
            contents.append((found, sandbox.credentials))
    (one, login), (two, other_login), (three, _) = contents
    assert one == two
    assert one != three
    assert login.company_id == other_login.company_id
    assert login.client_secret != other_login.client_secret
    assert login.password != other_login.password


def test_seeding_1200_invoices_takes_less_than_half_a_second(tmp_path: Path) -> None:
    start = perf_counter()
    Sandbox(db=tmp_path / "quick.db", customers=200, invoices=1200)
    assert perf_counter() - start < 0.5


def test_a_company_may_be_empty_but_invoices_need_a_customer(tmp_path: Path) -> None:
    Sandbox(db=tmp_path / "empty.db", customers=0, invoices=0)
    with pytest.raises(ValueError, match="at least one customer"):
        Sandbox(db=tmp_path / "orphans.db", customers=0, invoices=1)
