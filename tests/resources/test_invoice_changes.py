"""What is done to invoices: seen in the company afterwards, and in what was sent; money to the paisa."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from wire.conftest import behind_log_in, envelope, profile_of

from arkit.client import Client
from arkit.errors import ApiError, ContractError, InferredWarning, UsageError
from arkit.resources import LEAVE
from arkit.sandbox import Sandbox

from .conftest import ClientOf, Json, Plain, Serve, changes

CUSTOMER = "KC00000000000000"
AMOUNTS = {
    "base_amount": "baseAmount",
    "cgst": "cgst",
    "sgst": "sgst",
    "igst": "igst",
    "tds": "tds",
    "net_amount": "netAmount",
    "balance_amount": "balanceAmount",
    "total_received": "totalReceived",
}
INEXACT = [1180.5, 1000.0, float("nan"), True, "1.005", Decimal("0.001"), "1,180", "NaN", "Infinity", "", []]
TEXTS = {
    "invoice_number": ("invoiceNumber", "2026/17"),
    "description": ("description", 'Ball bearings, 12 × 6205 "C3"'),
    "po_number": ("poNumber", "PO-17"),
    "payable_reference_id": ("payableReferenceId", "PAY-17"),
    "via": ("via", "ELSEWHERE"),
}


@pytest.fixture
def invoice(plain: Plain) -> Json:
    """One of which nothing was paid, and whose customer has somebody to send it to."""
    customers = {each["customerId"]: each for each in plain.all("customer")}
    (found, *_) = [
        each
        for each in plain.all("invoice")
        if each["receivableStatus"]["name"] == "PENDING"
        and any(person["mail_enabled"] for person in customers[each["customerId"]]["customerKeyContacts"])
    ]
    return found


# Creating


def test_a_new_invoice_has_what_it_was_given(writer: Client, plain: Plain, invoice: Json) -> None:
    invoice_id = writer.invoices.create(
        customer_id=invoice["customerId"],
        base_amount="1000.10",
        due_date="2027-01-31",
        invoice_date=dt.date(2026, 9, 1),
        cgst=Decimal("90.01"),
        sgst=90,
        net_amount="1180.11",
        external_id="SO-1",
        partial_payment_allowed=True,
        **{name: value for name, (_, value) in TEXTS.items()},
    )
    assert invoice_id is not None
    made = plain.invoice(invoice_id)
    amounts = {"baseAmount": "1000.10", "cgst": "90.01", "sgst": "90.00", "netAmount": "1180.11"}
    assert {name: str(made[name]) for name in amounts} == amounts
    assert {member: made[member] for member, _ in TEXTS.values()} == dict(TEXTS.values())
    assert (made["dueDate"], made["invoiceDate"][:10]) == ("2027-01-31", "2026-09-01")
    assert (made["externalId"], made["partialPaymentAllowed"]) == ("SO-1", True)
    assert not made["dispatched"]


def test_doing_it_twice_makes_two(writer: Client, invoice: Json) -> None:
    same = {"customer_id": invoice["customerId"], "base_amount": "100", "due_date": "2027-01-31"}
    assert len({writer.invoices.create(**same, external_id="SO-1") for _ in range(2)}) == 2


def test_a_new_invoice_may_be_dispatched_at_once(writer: Client, plain: Plain, invoice: Json) -> None:
    invoice_id = writer.invoices.create(
        customer_id=invoice["customerId"], base_amount="100", due_date="2027-01-31", dispatch_now=True
    )
    assert plain.invoice(str(invoice_id))["dispatched"]


@pytest.mark.parametrize(
    ("amount", "sent"),
    [
        ("1180.5", b"1180.50"),
        ("0.1", b"0.10"),
        (Decimal("1E+3"), b"1000.00"),
        (1180, b"1180.00"),
        ("9999999999999.99", b"9999999999999.99"),
        ("-5", b"-5.00"),
    ],
)
def test_an_amount_goes_out_to_the_paisa_and_as_a_number(
    serve: Serve, client_of: ClientOf, amount: Any, sent: bytes
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(None)]))
    invoices = client_of(profile_of(server.url)).invoices
    invoices.create(customer_id=CUSTOMER, base_amount=amount, due_date=dt.date(2027, 1, 31))
    body = server.seen[-1].body
    assert body == b'{"customerId":"%s","baseAmount":%s,"dueDate":"2027-01-31"}' % (CUSTOMER.encode(), sent)


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("amount", INEXACT)
def test_an_amount_that_is_not_exact_is_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, name: str, amount: Any
) -> None:
    before = len(sandbox.history())
    needed: Any = {"customer_id": CUSTOMER, "base_amount": "100", "due_date": "2027-01-31"}
    with pytest.raises(UsageError, match=f"^{name} must be an exact amount"):
        client.invoices.create(**{**needed, name: amount})
    with pytest.raises(UsageError, match=f"^{name} must be an exact amount"):
        client.invoices.update("INV1", **{name: amount})
    assert len(sandbox.history()) == before


@pytest.mark.parametrize("name", ["due_date", "invoice_date"])
@pytest.mark.parametrize("day", ["31/01/2027", "2027-02-30", "", 20270131])
def test_a_day_that_is_none_is_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, name: str, day: Any
) -> None:
    before = len(sandbox.history())
    needed: Any = {"customer_id": CUSTOMER, "base_amount": "100", "due_date": "2027-01-31"}
    with pytest.raises(UsageError, match=f"{name} must be a date"):
        client.invoices.create(**{**needed, name: day})
    with pytest.raises(UsageError, match=f"{name} must be a date"):
        client.invoices.update("INV1", **{name: day})
    assert len(sandbox.history()) == before


@pytest.mark.parametrize(
    ("payload", "identity"),
    [({"invoiceId": "I1"}, "I1"), ("I1", "I1"), (None, None), ({}, None), ({"invoiceId": 7}, None)],
)
def test_the_id_is_what_the_answer_names_if_it_names_one(
    serve: Serve, client_of: ClientOf, payload: Any, identity: str | None
) -> None:
    invoices = client_of(profile_of(serve(behind_log_in(lambda request: [envelope(payload)])).url)).invoices
    assert invoices.create(customer_id=CUSTOMER, base_amount="1", due_date="2027-01-31") == identity


def test_an_invoice_of_a_customer_that_nobody_knows_is_not_made(writer: Client, own: Sandbox) -> None:
    with pytest.raises(ApiError) as caught:
        writer.invoices.create(customer_id=CUSTOMER, base_amount="1", due_date="2027-01-31")
    assert (caught.value.status, caught.value.error_type) == (422, "UNPROCESSABLE_REQUEST")
    assert own.applied_rows() == []


# Updating


@pytest.mark.parametrize("name", TEXTS)
def test_a_value_changes_one_field_and_leaves_the_others(
    writer: Client, own: Sandbox, invoice: Json, name: str
) -> None:
    member, value = TEXTS[name]
    others = {other: LEAVE for other in [*AMOUNTS, *TEXTS] if other != name}
    row = writer.invoices.update(invoice["invoiceId"], **{**others, name: value})
    changed = {(invoice["invoiceId"], member, value)}
    assert {each for each in changes(own) if each[1] not in ("modifiedBy", "modifiedOn")} == changed
    assert row[name] == value


def test_what_comes_back_is_the_invoice_as_it_is_now(writer: Client, invoice: Json) -> None:
    paid = invoice["netAmount"] - Decimal("0.01")
    row = writer.invoices.update(invoice["invoiceId"], total_received=paid)
    assert (row["balance_amount"], row["total_received"]) == (Decimal("0.01"), paid)
    assert row["receivable_status"] == "PARTIALLY_PAID"
    fetched = writer.invoices.fetch().set_index("invoice_id", drop=False).loc[invoice["invoiceId"]]
    present = fetched.dropna()
    assert row[present.index].tolist() == present.tolist()


def test_none_clears_a_field(writer: Client, plain: Plain, invoice: Json) -> None:
    writer.invoices.update(invoice["invoiceId"], po_number="PO-1", tds="5.50")
    writer.invoices.update(invoice["invoiceId"], po_number=None, tds=None, description=LEAVE)
    after = plain.invoice(invoice["invoiceId"])
    assert (after["poNumber"], after["tds"]) == ("", 0)
    assert after["description"] == invoice["description"]


def test_what_is_left_is_not_sent_and_what_is_cleared_is_sent_as_null(
    serve: Serve, client_of: ClientOf
) -> None:
    server = serve(behind_log_in(lambda request: [envelope({"invoiceId": "I1"})]))
    invoices = client_of(profile_of(server.url)).invoices
    invoices.update("I1", tds=None, cgst="9", invoice_date=None, due_date=dt.date(2027, 1, 31), sgst=LEAVE)
    sent = b'{"dueDate":"2027-01-31","invoiceDate":null,"cgst":9.00,"tds":null}'
    assert server.seen[-1].body == sent
    assert server.seen[-1].line == "PATCH /api/v0/invoice/I1 HTTP/1.1"


@pytest.mark.parametrize("payload", [None, {}, [], "updated", {"invoiceId": None}])
def test_an_answer_without_the_invoice_breaks_the_contract(
    serve: Serve, client_of: ClientOf, payload: Any
) -> None:
    server = serve(behind_log_in(lambda request: [envelope(payload)]))
    with pytest.raises(ContractError) as caught:
        client_of(profile_of(server.url)).invoices.update("I1", po_number="PO-1")
    assert (caught.value.server_state, len(server.seen)) == ("known", 2)


@pytest.mark.parametrize("name", ["base_amount", "due_date", "invoice_date", "invoice_number"])
def test_what_the_server_does_not_let_go_is_its_refusal(
    writer: Client, own: Sandbox, invoice: Json, name: str
) -> None:
    with pytest.raises(ApiError) as caught:
        writer.invoices.update(invoice["invoiceId"], **{name: None})
    assert (caught.value.status, caught.value.error_type) == (422, "UNPROCESSABLE_REQUEST")
    assert own.applied_rows() == []


# Dispatching and deleting


def messages(sandbox: Sandbox) -> Counter[str]:
    """How often each invoice went out to somebody."""
    return Counter(row["invoice_id"] for row in sandbox.messages() if row["kind"] == "DISPATCH")


def test_dispatching_sends_invoices_and_twice_sends_them_twice(
    writer: Client, own: Sandbox, plain: Plain, invoice: Json
) -> None:
    invoice_id = invoice["invoiceId"]
    writer.invoices.dispatch([invoice_id, invoice_id], partial_payment_allowed=True)
    once = messages(own)
    assert {*once} == {invoice_id}
    after = plain.invoice(invoice_id)
    assert (after["dispatched"], after["partialPaymentAllowed"]) == (True, True)
    writer.invoices.dispatch((invoice_id,))
    assert messages(own)[invoice_id] == 2 * once[invoice_id]
    assert plain.invoice(invoice_id)["partialPaymentAllowed"]


def test_what_is_deleted_is_not_found_and_the_others_are(writer: Client, invoice: Json) -> None:
    before = writer.invoices.fetch()["invoice_id"].tolist()
    other = next(each for each in before if each != invoice["invoiceId"])
    with pytest.warns(InferredWarning, match="deleteInvoiceCollection"):
        writer.invoices.delete({invoice["invoiceId"], other})
    after = writer.invoices.fetch()["invoice_id"].tolist()
    assert {*before} - {*after} == {invoice["invoiceId"], other}
    with pytest.raises(ApiError, match="RECORD_NOT_FOUND"):
        writer.invoices.get(other)


@pytest.mark.filterwarnings("ignore::arkit.errors.InferredWarning")
@pytest.mark.parametrize("method", ["dispatch", "delete"])
def test_a_list_with_an_invoice_that_nobody_knows_is_refused_as_a_whole(
    writer: Client, own: Sandbox, invoice: Json, method: str
) -> None:
    with pytest.raises(ApiError) as caught:
        getattr(writer.invoices, method)([invoice["invoiceId"], "INV0"])
    assert (caught.value.status, caught.value.error_type) == (404, "RECORD_NOT_FOUND")
    assert (own.applied_rows(), messages(own)) == ([], Counter())


@pytest.mark.parametrize("method", ["dispatch", "delete"])
@pytest.mark.parametrize("ids", ["INV1", ["INV1", 2], ["INV1", float("nan")], [None], []])
def test_ids_that_are_none_are_refused_before_anything_is_sent(
    client: Client, sandbox: Sandbox, method: str, ids: Any
) -> None:
    before = len(sandbox.history())
    with pytest.raises(UsageError, match=r"^invoice_ids "):
        getattr(client.invoices, method)(ids)
    assert len(sandbox.history()) == before
